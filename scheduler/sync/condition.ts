/**
 * Waiting for a change of what a mutex protects.
 *
 * @module
 */

import { toCaller } from "../scopes/exit.ts";
import { checkCount, show } from "../../runtime/basics/check.ts";
import { printAs } from "../../runtime/basics/inspect.ts";
import { allowUnawaited } from "../../runtime/basics/promises.ts";
import { currentScope, deliver, isCancelled } from "../scopes/current_scope.ts";
import type { Scope } from "../scopes/scope.ts";
import { Wait } from "../waits/wait.ts";
import { Mutex, resumeMutex, suspendMutex } from "./mutex.ts";
import { LineWait, WaitLine } from "./wait_line.ts";

/** A wait that, once notified, is in line for the mutex, ahead of those who ask for it later. */
class ConditionWait extends LineWait<void> {
  readonly #resume: () => Promise<void>;
  #resumed: Promise<void> | undefined = undefined;

  constructor(line: WaitLine<void>, scope: Scope | undefined, resume: () => Promise<void>) {
    super(line, scope);
    this.#resume = resume;
    this.enterLine();
  }

  override hand(): void {
    allowUnawaited(this.resume());
    super.hand();
  }

  /** Gets in line for the mutex; settles when it is held. */
  resume(): Promise<void> {
    return this.#resumed ??= this.#resume();
  }
}

/** The numbers of a condition at one moment. */
export interface ConditionStatistics {
  /** Those who wait for a notification. */
  readonly waiting: number;
}

/**
 * Lets the holder of a mutex wait until somebody says that what it protects has changed.
 *
 * Always wait in a loop around what is waited for: between the notification and the waiter's turn others may hold the
 * mutex, and a waiter may be woken although nothing has changed for it.
 *
 * @example
 * ```ts
 * import { all, Condition, Mutex } from "@millrace/millrace";
 *
 * const mutex = new Mutex();
 * const changed = new Condition(mutex);
 * let stock = 0;
 * await all([
 *   () =>
 *     mutex.run(async () => {
 *       while (stock < 3) await changed.wait();
 *       console.log(stock); // -> 3
 *     }),
 *   () =>
 *     mutex.run(() => {
 *       stock = 3;
 *       changed.notifyAll();
 *     }),
 * ]);
 * ```
 */
export class Condition {
  readonly #mutex: Mutex;
  /** A notification whose wait was cancelled is the next one's. */
  readonly #line: WaitLine<void> = new WaitLine<void>("a condition", { lost: () => this.notify() });

  /**
   * Makes a condition of what `mutex` protects.
   *
   * @throws {TypeError} for what is no `Mutex`.
   */
  constructor(mutex: Mutex) {
    if (!(mutex instanceof Mutex)) throw new TypeError(`A condition needs a Mutex: received ${show(mutex)}`);
    this.#mutex = mutex;
  }

  static {
    printAs(Condition, (it) => `Condition(${it.#line.size} waiting)`);
  }

  /**
   * Gives the mutex back, waits for a notification, and takes the mutex again before it settles: also when it is
   * cancelled, so that what follows always holds it. The permit stays the same.
   *
   * @throws {StructureError} (rejection) when the mutex is free, or held by another task.
   * @throws {Cancelled} (rejection) when the scope around the call is cancelled. A notification that had come is passed
   * on to the next.
   */
  wait(): Promise<void> {
    return toCaller(this.#wait());
  }

  async #wait(): Promise<void> {
    const scope = currentScope();
    if (isCancelled(scope)) return await new Wait(scope).promise;
    const permit = suspendMutex(this.#mutex, scope);
    const wait = new ConditionWait(this.#line, scope, () => resumeMutex(this.#mutex, permit, scope));
    try {
      await wait.promise;
    } finally {
      await wait.resume();
    }
    if (scope?.effective === undefined) return;
    this.notify();
    throw deliver(scope);
  }

  /**
   * Wakes those who have waited longest, at most `count` of them; they go on one after the other, as the mutex allows.
   * Nobody waiting: nothing happens, and nothing is remembered. The caller need not hold the mutex.
   *
   * @throws {TypeError} or {RangeError} for a count that is no whole number of at least 0.
   */
  notify(count: number = 1): void {
    checkCount(count, "How many to notify", 0);
    for (; count > 0 && this.#line.give(); count--);
  }

  /** Wakes all who wait. */
  notifyAll(): void {
    this.notify(Infinity);
  }

  /** The numbers of the condition at this moment. */
  statistics(): ConditionStatistics {
    return Object.freeze({ waiting: this.#line.size });
  }
}
