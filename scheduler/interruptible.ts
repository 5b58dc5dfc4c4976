/**
 * Waiting for promises that know nothing of scopes.
 *
 * @module
 */

import { show } from "./check.ts";
import { reportUnhandled } from "./configure.ts";
import { currentScope } from "./scope.ts";
import { Wait } from "./wait.ts";

/**
 * Those who wait for a promise, by promise. It is given one reaction however often it is waited for, because a reaction
 * cannot be taken back: a promise that lives for days would keep every wait there ever was.
 */
const waiters = new WeakMap<PromiseLike<unknown>, Set<Wait<unknown>>>();

/**
 * Waits for any promise as a checkpoint: a cancellation ends the wait at once, the promise itself goes on, and is
 * not kept from being collected, nor keeps anything of the wait. If it rejects after all who waited for it have been cancelled, the
 * error goes to `onUnhandled`, unless it is an "AbortError".
 *
 * @throws {TypeError} at the call, for what is no promise.
 * @throws {Cancelled} (rejection) when the scope around it is cancelled.
 *
 * @example
 * ```ts
 * import { interruptible, moveOnAfter } from "@millrace/millrace";
 *
 * const never = new Promise(() => {});
 * console.log(await moveOnAfter(10, () => interruptible(never)));
 * ```
 */
export function interruptible<T>(promise: PromiseLike<T>): Promise<T> {
  if (typeof promise?.then !== "function") {
    throw new TypeError(`interruptible waits for a promise: received ${show(promise)}`);
  }
  let waiting = waiters.get(promise) as Set<Wait<T>> | undefined;
  if (waiting === undefined) {
    waiters.set(promise, waiting = new Set<Wait<T>>() as Set<Wait<unknown>> & Set<Wait<T>>);
    settleWith(promise, waiting);
  }
  const among = waiting;
  const wait: Wait<T> = new Wait<T>(currentScope(), () => among.delete(wait), "a promise");
  if (!wait.interrupted) among.add(wait);
  return wait.promise;
}

/** Its reaction stays with the promise for good, so that nothing of a task may be in it but through the set. */
function settleWith<T>(promise: PromiseLike<T>, waiting: Set<Wait<T>>): void {
  // A thenable that is no promise may call back twice, or throw.
  const proper = promise instanceof Promise ? promise as Promise<T> : Promise.resolve(promise);
  proper.then(
    (value) => {
      waiters.delete(promise);
      for (const wait of waiting) wait.settleInTurn(value);
    },
    (error) => {
      waiters.delete(promise);
      let told = false;
      for (const wait of waiting) {
        wait.failInTurn(error);
        told = true;
      }
      // All who waited have been cancelled. That an operation was aborted in the course of it is no news.
      if (!told && (error as Error | undefined)?.name !== "AbortError") reportUnhandled(error);
    },
  );
}
