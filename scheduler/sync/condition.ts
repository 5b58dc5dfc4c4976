/**
 * Waiting for a change of what a mutex protects.
 *
 * @module
 */

import { checkCount, checkFunction, show } from "../../runtime/basics/check.ts";
import { printAs } from "../../runtime/basics/inspect.ts";
import { allowUnawaited } from "../../runtime/basics/promises.ts";
import { currentScope, deliver } from "../scopes/current_scope.ts";
import { StructureError } from "../scopes/errors.ts";
import { toCaller } from "../scopes/exit.ts";
import type { Scope } from "../scopes/scope.ts";
import { Mutex, resumeMutex, suspendMutex } from "./mutex.ts";
import { holds } from "./predicate.ts";
import { SignalWait } from "./signal_wait.ts";
import { WaitLine } from "./wait_line.ts";
import { refusedWait, signalOf, type WaitOptions } from "./wait_options.ts";

/** A wait that, once notified, is in line for the mutex, ahead of those who ask for it later. */
class ConditionWait extends SignalWait<void> {
  readonly #resume: () => Promise<void>;
  #resumed: Promise<void> | undefined = undefined;

  constructor(
    line: WaitLine<void>,
    scope: Scope | undefined,
    signal: AbortSignal | undefined,
    resume: () => Promise<void>,
  ) {
    super(line, scope, signal);
    this.#resume = resume;
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
   * on to the next. With a `signal`, its reason when that is aborted.
   */
  wait(options: WaitOptions = {}): Promise<void> {
    const signal = signalOf(options);
    return toCaller(this.#wait(currentScope(), signal), undefined, signal);
  }

  /**
   * Waits until the predicate holds: asked at once, then each time after a notification, always with the mutex held, as it is when
   * this settles, in whichever way. Where several wait for different things, use `notifyAll`.
   *
   * @throws {StructureError} (rejection) when the mutex is free, or held by another task.
   * @throws {Cancelled} (rejection) when the scope around the call is cancelled.
   * @throws {TypeError} at the call, for arguments of a wrong kind. What the predicate throws is thrown on, and a notification that it
   * was asked for is passed on to the next.
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
   *       await changed.waitFor(() => stock >= 3);
   *       console.log(stock); // -> 3
   *     }),
   *   async () => {
   *     for (let part = 0; part < 3; part++) {
   *       await mutex.run(() => {
   *         stock++;
   *         changed.notifyAll();
   *       });
   *     }
   *   },
   * ]);
   * ```
   */
  waitFor(predicate: () => boolean, options: WaitOptions = {}): Promise<void> {
    checkFunction(predicate, "The predicate of a condition");
    const signal = signalOf(options);
    return toCaller(this.#waitFor(predicate, currentScope(), signal), undefined, signal);
  }

  async #waitFor(
    predicate: () => boolean,
    scope: Scope | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const refused = refusedWait<void>(scope, signal);
    if (refused !== undefined) return await refused;
    if (!this.#mutex.locked) throw new StructureError("Waiting for a condition needs its mutex: it is free");
    for (let isNotified = false;; isNotified = true) {
      try {
        if (holds(predicate())) return;
      } catch (error) {
        if (isNotified) this.notify();
        throw error;
      }
      await this.#wait(scope, signal);
    }
  }

  async #wait(scope: Scope | undefined, signal: AbortSignal | undefined): Promise<void> {
    const refused = refusedWait<void>(scope, signal);
    if (refused !== undefined) return await refused;
    const permit = suspendMutex(this.#mutex, scope);
    const wait = new ConditionWait(this.#line, scope, signal, () => resumeMutex(this.#mutex, permit, scope));
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
