/**
 * Waiting for promises that know nothing of scopes.
 *
 * @module
 */

import { show } from "./check.ts";
import { currentScope, Wait } from "./scope.ts";

/**
 * Those who wait for a promise, by promise. It is given one reaction however often it is waited for, because a reaction
 * cannot be taken back: a promise that lives for days would keep every wait there ever was.
 */
const waiters = new WeakMap<PromiseLike<unknown>, Set<Wait<unknown>>>();

/**
 * Waits for any promise as a checkpoint: a cancellation ends the wait at once, the promise itself goes on, and is
 * not kept from being collected, nor keeps anything of the wait.
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
    const all = waiting = new Set<Wait<T>>();
    waiters.set(promise, all as Set<Wait<unknown>>);
    promise.then(
      (value) => {
        waiters.delete(promise);
        for (const wait of all) wait.resolve(value);
      },
      (error) => {
        waiters.delete(promise);
        for (const wait of all) wait.reject(error);
      },
    );
  }
  const among = waiting;
  const wait: Wait<T> = new Wait<T>(currentScope(), () => among.delete(wait));
  if (!wait.interrupted) among.add(wait);
  return wait.promise;
}
