/** Turns counted instead of time waited. */

import { checkpoint } from "../../mod.ts";

/** Lets so many turns pass: enough of them for everything that is ready to have gone on. */
export async function turns(count: number = 10): Promise<void> {
  for (let turn = 0; turn < count; turn++) await checkpoint();
}

/** Lets turns pass until something is so; it fails after half a minute of them. */
export async function turnsUntil(isSo: () => boolean, what: string): Promise<void> {
  const end = performance.now() + 30_000;
  while (!isSo()) {
    if (performance.now() > end) throw new Error(`However many turns passed, it has not come to this: ${what}`);
    await checkpoint();
  }
}

/** What a promise has come to, without waiting for it. */
export function watch<T>(
  promise: PromiseLike<T>,
): { state: "pending" | "fulfilled" | "rejected"; value?: T; error?: unknown } {
  const watched: ReturnType<typeof watch<T>> = { state: "pending" };
  promise.then((value) => Object.assign(watched, { state: "fulfilled", value }), (error) => {
    Object.assign(watched, { state: "rejected", error });
  });
  return watched;
}
