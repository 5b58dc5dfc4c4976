/**
 * Waiting for promises that know nothing of scopes.
 *
 * @module
 */

import { show } from "../../runtime/basics/check.ts";
import { isThenable, react } from "../../runtime/basics/promises.ts";
import { currentScope } from "../scopes/current_scope.ts";
import { isAbort } from "../scopes/errors.ts";
import { enter } from "../scopes/exit.ts";
import { reportUnhandled } from "../scopes/unhandled.ts";
import { endedBy, Wait, type WaitOptions } from "./wait.ts";

/** Those who wait for a promise. */
class Waiters<T> {
  readonly waiting: Set<Wait<T>> = new Set();

  join(): Promise<T> {
    const wait: Wait<T> = new Wait<T>(currentScope(), () => this.waiting.delete(wait), "a promise");
    if (!wait.interrupted) this.waiting.add(wait);
    return wait.promise;
  }

  settle(value: T): void {
    for (const wait of this.waiting) wait.settleInTurn(value);
  }

  /** If all who waited have been cancelled, nobody is given the error; that an operation was aborted in the course of it is no news. */
  fail(error: unknown): void {
    if (this.waiting.size === 0 && !isAbort(error)) reportUnhandled(error);
    for (const wait of this.waiting) wait.failInTurn(error);
  }
}

/**
 * Those who wait, by promise. It is given one reaction however often it is waited for, because a reaction cannot be taken
 * back: a promise that lives for days would keep every wait there ever was.
 */
const waiters = new WeakMap<PromiseLike<unknown>, Waiters<unknown>>();

/**
 * Waits for any promise as a checkpoint: a cancellation ends the wait at once. The promise itself goes on, and neither it nor the wait
 * keeps the other in memory. If it rejects after all who waited for it have been cancelled, the error goes to `onUnhandled`, unless it is
 * an "AbortError".
 *
 * @throws {TypeError} at the call, for what is no promise, and for options of a wrong kind.
 * @throws {Cancelled} (rejection) when the scope around it is cancelled. With a `signal`, its reason when that is aborted.
 *
 * @example
 * ```ts
 * import { interruptible, moveOnAfter } from "@millrace/millrace";
 *
 * const never = new Promise(() => {});
 * console.log(await moveOnAfter(10, () => interruptible(never)));
 * ```
 */
export function interruptible<T>(promise: PromiseLike<T>, options?: WaitOptions): Promise<T> {
  if (!isThenable(promise)) {
    throw new TypeError(`interruptible waits for a promise: received ${show(promise)}`);
  }
  if (options !== undefined) return endedBy(options, () => interruptible(promise));
  let all = waiters.get(promise) as Waiters<T> | undefined;
  if (all === undefined) {
    all = new Waiters<T>();
    waiters.set(promise, all as Waiters<unknown>);
    settleWith(promise, all);
  }
  return all.join();
}

/** Its reaction stays with the promise for good, so that nothing of a task may be in it but through the set. */
function settleWith<T>(promise: PromiseLike<T>, all: Waiters<T>): void {
  react(
    // Asked outside any scope: a thenable that waits in its `then`, as a task does, is not to wait as one of those who wait for it.
    Promise.resolve(enter(undefined, (it: PromiseLike<T>) => it, promise)),
    (value) => {
      waiters.delete(promise);
      all.settle(value);
    },
    (error) => {
      waiters.delete(promise);
      all.fail(error);
    },
  );
}
