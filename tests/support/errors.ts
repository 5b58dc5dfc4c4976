/**
 * Errors of what is tested: made, caught and collected.
 *
 * @module
 */

import { configure, sleep } from "../../mod.ts";

/** `onError` that collects. */
export function errors(): { onError: (error: unknown) => void; seen: unknown[] } {
  const seen: unknown[] = [];
  return { seen, onError: (error) => void seen.push(error) };
}

/** What a promise rejects with. */
export async function errorOf(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("It did not reject");
}

/** What a function throws. */
export function thrownBy(fn: () => unknown): unknown {
  try {
    fn();
  } catch (error) {
    return error;
  }
  throw new Error("It did not throw");
}

/** Waits until it is cancelled, then fails with `error`. */
export async function failsWhenCancelled(error: unknown): Promise<void> {
  try {
    await sleep(1e6);
  } catch {
    throw error;
  }
}

/** What goes to `onUnhandled` while `act` runs, which is given the list as it grows. */
export async function unhandledDuring(act: (seen: readonly unknown[]) => unknown): Promise<unknown[]> {
  const seen: unknown[] = [];
  configure({ onUnhandled: (error) => void seen.push(error) });
  try {
    await act(seen);
  } finally {
    configure({ onUnhandled: undefined });
  }
  return seen;
}
