/**
 * Foreign signals joined to scopes.
 *
 * @module
 */

import type { Scope } from "./scope.ts";

/** Cancels `scope` when `signal` is aborted; the returned function takes the listener away. */
export function joinSignal(scope: Scope, signal: AbortSignal): () => void {
  const listener = (): void => scope.cancel("signal", signal.reason);
  if (signal.aborted) {
    listener();
    return () => {};
  }
  signal.addEventListener("abort", listener, { once: true });
  return () => signal.removeEventListener("abort", listener);
}

/** Refuses what is not an `AbortSignal`. */
export function checkSignal(signal: unknown): asserts signal is AbortSignal | undefined {
  if (signal === undefined) return;
  const candidate = signal as AbortSignal | null;
  if (typeof candidate?.aborted === "boolean" && typeof candidate.addEventListener === "function") return;
  throw new TypeError(`A signal is an AbortSignal: received ${String(signal)}`);
}
