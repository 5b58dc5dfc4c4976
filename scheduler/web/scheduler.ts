/**
 * The web's task scheduling on every host: `scheduler.postTask` and `scheduler.yield`, to the letter of the standard's algorithm, in
 * the lanes that spawned tasks and chunked work use too.
 *
 * ```
 *   waiting (delay, then run queue) ──its turn──> running ──the callback returns──> returned
 *      │                                            │                                  │
 *      │ abort: rejected, never runs                │ abort: rejected, goes on         │ abort: its yields reject
 * ```
 *
 * @module
 */

import { checkFunction, show } from "../../runtime/basics/check.ts";
import { loop } from "../queue/loop.ts";
import { laneOf, type Priority } from "../queue/priority.ts";
import { currentScope } from "../scopes/current_scope.ts";
import { turnIn } from "../waits/turn.ts";
import { Continuation } from "./continuation.ts";
import { LaneScope, plainLane, PlainPost, postPlainly } from "./plain_post.ts";
import { Posted } from "./posted.ts";
import { prioritySource } from "./priority_source.ts";
import { dictionary, likeTheHosts, toRequiredPriority, toUnsignedLongLong } from "./web_idl.ts";

/** How a task is to be posted. */
export interface SchedulerPostTaskOptions {
  /** The priority, for good. Default: that of the signal, if it is a `TaskSignal`, else "user-visible". */
  priority?: Priority;
  /** Takes the task back when aborted. A `TaskSignal` also gives it its priority, and changes it. */
  signal?: AbortSignal;
  /** After how many ms at least the task comes into the queue. Default: 0. */
  delay?: number;
}

/**
 * Posts tasks by priority, as the web's `scheduler` does. All schedulers share one order: that of the priorities, and among equals
 * that of posting. {@linkcode scheduler} is one that is ready for use.
 *
 * @example
 * ```ts
 * import { Scheduler } from "@millrace/millrace";
 *
 * const scheduler = new Scheduler();
 * const log: string[] = [];
 * await Promise.all([
 *   scheduler.postTask(() => log.push("later"), { priority: "background" }),
 *   scheduler.postTask(() => log.push("first"), { priority: "user-blocking" }),
 * ]);
 * console.log(log.join()); // -> first,later
 * ```
 */
export class Scheduler {
  readonly #brand = true;

  static {
    likeTheHosts(this, "Scheduler", ["postTask", "yield"]);
  }

  /**
   * Runs `callback` in a turn of its own and resolves to what it returns. It is no child of the current group (that is `spawn`), but
   * sees the async context of the caller.
   *
   * When the signal is aborted before the callback has returned, the promise rejects with the signal's reason, and a callback that
   * has not started never runs. What the callback throws after that goes to `onUnhandled`.
   *
   * @throws {TypeError} (rejection) for arguments of a wrong kind or range.
   */
  postTask<T>(callback: () => T | PromiseLike<T>, options: SchedulerPostTaskOptions = {}): Promise<T> {
    try {
      void this.#brand;
      checkFunction(callback, "The callback of postTask");
      // The standard looks at them in this order, and converts each before it looks at the next.
      const given = dictionary<SchedulerPostTaskOptions>(options);
      const { delay } = given;
      const ms = delay === undefined ? 0 : toUnsignedLongLong(delay);
      const { priority } = given;
      const lane = priority === undefined ? undefined : laneOf(toRequiredPriority(priority));
      const { signal } = given;
      if (signal !== undefined && !(signal instanceof AbortSignal)) {
        throw new TypeError(`A signal is an AbortSignal: received ${show(signal)}`);
      }
      if (signal?.aborted) return Promise.reject(signal.reason);
      if (ms === 0 && signal === undefined) return postPlainly(callback, lane ?? plainLane);
      return new Promise<T>((resolve, reject) => {
        new Posted(callback, signal, lane ?? prioritySource(signal), resolve as (value: unknown) => void, reject).post(
          ms,
        );
      });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Gives the loop to others and goes on before tasks of the same priority that have not begun. The priority and the cancellation are
   * those of the posted task, or of the task, that the caller belongs to; outside any it is "user-visible".
   *
   * @throws (rejection) the reason of the posted task's signal, or in a task {@linkcode Cancelled}, once that is aborted.
   */
  yield(): Promise<void> {
    try {
      void this.#brand;
    } catch (error) {
      return Promise.reject(error);
    }
    const { context } = loop();
    const state = context.get();
    if (state instanceof PlainPost) return state.yield();
    const scope = currentScope();
    if (scope === undefined) return turnIn(undefined, plainLane + 1);
    const { owner } = scope;
    const isPosted = owner instanceof Posted;
    if (!isPosted && !(owner instanceof LaneScope)) return new Continuation(scope, undefined).promise;
    const leadsHere = isPosted && owner.leadsHere();
    if (!leadsHere && context.endInTimer?.()) return turnIn(undefined, plainLane + 1);
    if (!isPosted) return new Continuation(scope, undefined).promise;
    owner.look();
    return new Continuation(scope, owner).promise;
  }
}

/**
 * The scheduler of the process, in the place of the web's global `scheduler`.
 *
 * @example
 * ```ts
 * import { scheduler } from "@millrace/millrace";
 *
 * const answer = await scheduler.postTask(async () => {
 *   await scheduler.yield();
 *   return 42;
 * }, { priority: "background" });
 * console.log(answer); // -> 42
 * ```
 */
export const scheduler: Scheduler = new Scheduler();
