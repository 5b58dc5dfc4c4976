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

import { checkFunction, show } from "./check.ts";
import { reportUnhandled } from "./configure.ts";
import { Cancelled, type CancelSource } from "./errors.ts";
import { joinSignal } from "./join_signal.ts";
import { loop } from "./loop.ts";
import { LaneScope, plainLane, PlainPost, postPlainly } from "./plain_post.ts";
import { laneOf, type Priority } from "./run_queue.ts";
import { currentScope, deliver, laneIn, Member, type Owner, Scope } from "./scope.ts";
import {
  dequeueBy,
  dictionary,
  enqueueBy,
  follow,
  laneFrom,
  likeTheHosts,
  type PrioritySource,
  prioritySource,
  toRequiredPriority,
  unfollow,
} from "./task_signal.ts";
import { keepSettlers, rejectLast, resolveLast } from "./settlers.ts";
import { nodeOf } from "./task.ts";
import { moveQueued, turnIn, type TurnWait } from "./turn.ts";
import { allowUnawaited } from "./wait.ts";

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

/** A posted callback: the entry, and the scope of what its flow of control does. */
class Posted extends Scope implements Owner {
  delivered = false;
  turns: TurnWait | undefined = undefined;
  readonly source: PrioritySource;
  readonly abortSource: AbortSignal | undefined;
  #state: "waiting" | "running" | "returned" = "waiting";
  #callback: (() => unknown) | undefined;
  readonly #name: string;
  readonly #resolve: (value: unknown) => void;
  readonly #reject: (error: unknown) => void;
  /** The flow of control that posted it; kept while it waits. */
  #captured: unknown;
  /** The timer of the delay. */
  #timer: { cancel(): void } | undefined = undefined;
  /** For how many reasons the signal is listened to. */
  #uses = 0;
  #leaveSignal: (() => void) | undefined = undefined;
  #baseLane: number | undefined = undefined;
  /** Has a yield gone on, and none been asked for since? */
  #goesOn = false;

  constructor(
    callback: () => unknown,
    signal: AbortSignal | undefined,
    source: PrioritySource,
    resolve: (value: unknown) => void,
    reject: (error: unknown) => void,
  ) {
    super(undefined);
    this.owner = this;
    this.source = source;
    this.abortSource = signal;
    this.#callback = callback;
    this.#name = callback.name;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#captured = loop().context.capture();
  }

  get handle(): undefined {
    return undefined;
  }

  override describe(): string {
    return `posted callback "${this.#name || "(anonymous)"}"`;
  }

  get lane(): number {
    return laneFrom(this.source);
  }

  /** The priority with which it began: with a higher one by now, what it waits for is raised. */
  get baseLane(): number {
    return this.#baseLane ?? this.lane;
  }

  relane(): void {
    moveQueued(this, this.lane, (task) => nodeOf(task).relane());
  }

  post(delay: number): void {
    this.use();
    if (delay === 0) return enqueueBy(this.source, this);
    this.#timer = loop().timers.setTimer(() => {
      this.#timer = undefined;
      this.look();
      if (this.#state === "waiting") enqueueBy(this.source, this);
    }, delay);
  }

  /** Looks whether the signal has been aborted: a listener before ours may have kept the event from the others. */
  look(): void {
    const { abortSource } = this;
    if (abortSource?.aborted && this.request === undefined) this.cancel("signal", abortSource.reason);
  }

  /** Is it sure that the callback's own flow of control has led to this yield? Else the host has to be asked, which costs more. */
  leadsHere(): boolean {
    const goesOn = this.#goesOn;
    this.#goesOn = false;
    return goesOn || this.#state === "running";
  }

  /** A yield goes on. */
  goOn(): void {
    this.#goesOn = true;
  }

  /** Listens to the signal, until `unuse` has been called as often as this. */
  use(): void {
    if (this.abortSource !== undefined && this.#uses++ === 0) this.#leaveSignal = joinSignal(this, this.abortSource);
  }

  unuse(): void {
    if (this.abortSource !== undefined && --this.#uses === 0) this.#leaveSignal!();
  }

  /** What a yield rejects with in a scope that is cancelled: the signal's reason itself, if it is the cause. */
  reasonIn(scope: Scope): unknown {
    const cancellation = deliver(scope);
    return cancellation === this.request ? this.abortSource!.reason : cancellation;
  }

  override run(): void {
    this.look();
    if (this.#state !== "waiting") return;
    const captured = this.#captured;
    this.#captured = undefined;
    dequeueBy(this.source, this);
    loop().context.resume(captured, enter, this);
  }

  /** The signal has been aborted. */
  override cancel(source: CancelSource, reason?: unknown): void {
    if (this.#state === "waiting") {
      this.#state = "returned";
      this.#callback = this.#captured = undefined;
      this.#timer?.cancel();
      dequeueBy(this.source, this);
      this.unuse();
      this.#reject(reason);
      return;
    }
    if (this.#state === "running") this.#reject(reason);
    super.cancel(source, reason);
  }

  /** Calls the callback, in its own context; for `enter` alone. */
  call(): void {
    const callback = this.#callback!;
    this.#callback = undefined;
    this.#state = "running";
    this.#baseLane = this.lane;
    if (typeof this.source !== "number") follow(this.source, this);
    let result: unknown;
    try {
      result = callback();
    } catch (error) {
      this.#state = "returned";
      this.#end();
      if (this.request === undefined) this.#reject(error);
      else this.#reportLate(error);
      return;
    }
    this.#state = "returned";
    if (this.abortSource === undefined) return this.#resolve(result);
    if (typeof (result as PromiseLike<unknown> | null | undefined)?.then !== "function") {
      this.#end();
      return this.#resolve(result);
    }
    // Until its end the signal cancels what is inside.
    const isSettled = this.request !== undefined;
    this.#resolve(this.#follow(result as PromiseLike<unknown>, isSettled));
  }

  async #follow(result: PromiseLike<unknown>, isSettled: boolean): Promise<unknown> {
    try {
      return await result;
    } catch (error) {
      if (isSettled) this.#reportLate(error);
      else throw error instanceof Cancelled && error === this.request ? this.abortSource!.reason : error;
    } finally {
      this.#end();
    }
    return undefined;
  }

  /** The callback and what it returned have come to their end. */
  #end(): void {
    this.unuse();
    if (typeof this.source !== "number") unfollow(this.source, this);
  }

  /** The promise has been rejected with the reason of the abort already; what comes of that is nothing new. */
  #reportLate(error: unknown): void {
    if (error !== this.request && error !== this.abortSource!.reason) reportUnhandled(error, this);
  }
}

/** Starts a callback with its own scheduling state as the current one. */
function enter(posted: Posted): void {
  loop().context.run(posted, call, posted);
}

function call(posted: Posted): void {
  posted.call();
}

/** What goes on after a `yield`. */
class Continuation extends Member {
  readonly promise: Promise<void>;
  readonly #posted: Posted | undefined;
  readonly #resolve: () => void;
  readonly #reject: (error: unknown) => void;

  constructor(scope: Scope | undefined, posted: Posted | undefined) {
    super(scope);
    this.#posted = posted;
    this.promise = new Promise(keepSettlers);
    this.#resolve = resolveLast;
    this.#reject = rejectLast;
    posted?.use();
    if (posted === undefined) loop().queue.enqueue(this, laneIn(scope) + 1);
    else if (scope!.effective === undefined) enqueueBy(posted.source, this);
    else this.interrupt();
  }

  override get isContinuation(): boolean {
    return true;
  }

  /** In a task the cancellation comes in the turn that is waited for, as at every checkpoint, in a posted callback at once. */
  override interrupt(): void {
    if (this.#posted !== undefined && this.isMember) this.run();
  }

  override run(): void {
    const scope = this.parent;
    const posted = this.#posted;
    this.leave();
    if (posted !== undefined) {
      posted.look();
      posted.goOn();
      dequeueBy(posted.source, this);
      posted.unuse();
    }
    if (scope?.effective === undefined) return this.#resolve();
    allowUnawaited(this.promise);
    this.#reject(posted === undefined ? deliver(scope) : posted.reasonIn(scope));
  }
}

/** The conversion that the standard calls `[EnforceRange] unsigned long long`. */
function toUnsignedLongLong(value: unknown): number {
  const number = Math.trunc(+(value as number));
  if (!Number.isFinite(number) || number < 0 || number > Number.MAX_SAFE_INTEGER) {
    throw new TypeError(`A delay is a whole number of ms of at least 0 and at most 2^53 - 1: received ${show(value)}`);
  }
  return number + 0;
}
