/**
 * A limit on how often something is begun.
 *
 * ```
 *   starts:   |x  x x|    |      a window of `interval` ms ends with now: what began in it counts
 *                    |  x  x     one more may begin when, with it, no more than `limit` would count
 *             ───────┴────────>
 * ```
 *
 * Whoever is let in is given a turn, and begins when that comes, which may be later on a busy loop. Therefore the time of a start is
 * that of the turn; until then it is reserved.
 *
 * @module
 */

import { checkCount, checkFiniteDuration, checkFunction, checkOptions } from "../../runtime/basics/check.ts";
import { printAs } from "../../runtime/basics/inspect.ts";
import type { TimeSource } from "../../runtime/port/host.ts";
import { loop } from "../queue/loop.ts";
import type { Timed } from "../queue/timer_queue.ts";
import { currentScope, laneIn } from "../scopes/current_scope.ts";
import { toCaller } from "../scopes/exit.ts";
import { checkSignal } from "../scopes/foreign_signal.ts";
import type { Scope } from "../scopes/scope.ts";
import { pullNow, SignalWait } from "./signal_wait.ts";
import { WaitLine } from "./wait_line.ts";
import { refusedWait, type WaitOptions } from "./wait_options.ts";

/** How often something may begin. */
export interface RateLimiterOptions {
  /** How many may begin in any `interval`, a whole number of at least 1. */
  limit: number;
  /** The length of the window, in ms, above 0. */
  interval: number;
  /** How long after a start the next one is, at least, in ms: against bursts. Default: 0. */
  spacing?: number;
}

/** How to ask for a start. */
export interface RateOptions extends WaitOptions {
  /** For how many it counts, a whole number from 1 to the limit. Default: 1. */
  weight?: number;
}

/** The numbers of a rate limiter at one moment. */
export interface RateLimiterStatistics {
  /** How many may begin in any `interval`. */
  readonly limit: number;
  /** The length of the window, in ms. */
  readonly interval: number;
  /** The weight of what has begun in the window that ends now, or is about to. */
  readonly used: number;
  /** Those who wait for their start. */
  readonly waiting: number;
  /** In how many ms the first in line may begin, or whoever comes if nobody waits; as far as known, 0 for now. */
  readonly retryAfter: number;
}

/** What has begun, and when; with what began after it. */
interface Start {
  readonly at: number;
  readonly weight: number;
  next: Start | undefined;
}

/** Waits for a start. It is handed its weight, lest that be lost with a wait that is cancelled. */
class StartWait extends SignalWait<number> {
  readonly weight: number;
  readonly #begin: (weight: number) => void;

  constructor(place: Place, weight: number, begin: (weight: number) => void) {
    super(place.line, place.scope, place.signal);
    this.weight = weight;
    this.#begin = begin;
  }

  protected override land(): void {
    this.#begin(this.weight);
    this.resolve(undefined as never);
  }
}

/** Where one waits. */
interface Place {
  readonly line: WaitLine<number>;
  readonly scope: Scope | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * At most `limit` starts in any window of `interval` ms, wherever the window begins: a sliding window, which lets nobody begin twice
 * as many around the edge of an interval, as counters that are reset do. A start counts from the moment in which its caller goes on,
 * for `interval` ms, however long what it began takes; bound that with a `Semaphore`, or the `limit` of a group.
 *
 * Those of a higher priority go first, and among equals who came first, also before one behind it that weighs less. One who is
 * cancelled before it has begun has used nothing: its start is the next one's at once. The clock is that of the loop, so that in
 * `simulate` hours pass in no time; while nobody waits there is no timer.
 *
 * It remembers each start of the last interval, at most `limit`.
 *
 * @example
 * ```ts
 * import { all, RateLimiter } from "@millrace/millrace";
 *
 * const limiter = new RateLimiter({ limit: 2, interval: 20 });
 * const begin = performance.now();
 * await all(Array.from({ length: 5 }, () => () => limiter.run(() => "request")));
 * console.log(performance.now() - begin >= 40); // -> true
 * ```
 */
export class RateLimiter {
  readonly #limit: number;
  readonly #interval: number;
  readonly #spacing: number;
  /** Those who wait, by priority, lowest first. */
  readonly #lines: readonly WaitLine<number>[] = [0, 1, 2].map(() =>
    new WaitLine<number>("a rate limit", {
      lost: (weight) => {
        this.#reserved -= weight;
        this.#admit();
      },
      left: () => this.#admit(),
      landed: () => this.#admit(),
    })
  );
  /** The starts that still count, oldest first. */
  #first: Start | undefined = undefined;
  #last: Start | undefined = undefined;
  /** Their weight. */
  #counted = 0;
  /** The weight of those who have been let in and have not begun. */
  #reserved = 0;
  #lastAt = -Infinity;
  /** The clock that the times are of: that of a loop, or of fakes. */
  #clock: TimeSource | undefined = undefined;
  /** Present while somebody waits for a known time. */
  #timer: Timed | undefined = undefined;
  readonly #begin = (weight: number): void => {
    this.#reserved -= weight;
    this.#record(weight);
  };

  /**
   * Makes a limiter by which nothing has begun yet.
   *
   * @throws {TypeError} or {RangeError} for options of a wrong kind or range.
   */
  constructor(options: RateLimiterOptions) {
    checkOptions(options, "a rate limiter", ["limit", "interval", "spacing"]);
    const { limit, interval, spacing = 0 } = options ?? {};
    checkCount(limit, "The limit of a rate limiter", 1);
    if (limit === Infinity) throw new RangeError("The limit of a rate limiter has to be finite: received Infinity");
    checkFiniteDuration(interval, "The interval of a rate limiter");
    if (interval === 0) throw new RangeError("The interval of a rate limiter has to be more than 0 ms: received 0");
    checkFiniteDuration(spacing, "The spacing of a rate limiter");
    this.#limit = limit;
    this.#interval = interval;
    this.#spacing = spacing;
  }

  static {
    printAs(RateLimiter, (it) => {
      const { limit, interval, used, waiting } = it.statistics();
      return `RateLimiter(${used} of ${limit} in ${interval} ms, ${waiting} waiting)`;
    });
  }

  /**
   * Waits until one more may begin, and counts it as begun.
   *
   * @throws {Cancelled} (rejection) when the scope around the call is cancelled; nothing is counted then.
   * @throws {TypeError} or {RangeError} at the call, for options of a wrong kind or range.
   */
  acquire(options: RateOptions = {}): Promise<void> {
    const weight = this.#checked(options);
    const { signal } = options;
    const scope = currentScope();
    const refused = refusedWait<void>(scope, signal);
    if (refused !== undefined) return refused;
    const urgency = laneIn(scope) >> 1;
    const line = this.#lines[urgency]!;
    const isFirst = this.#lines.every(({ size }, index) => index < urgency || size === 0);
    const mayBegin = isFirst && this.#whenFits(weight) <= loop().timers.now();
    if (mayBegin && line.inFlight === 0 && loop().queue.mayAnswer()) {
      this.#reserved += weight;
      return pullNow(line, scope, weight, () => this.#begin(weight));
    }
    const wait = new StartWait({ line, scope, signal }, weight, this.#begin);
    if (!wait.interrupted) {
      if (mayBegin) this.#letIn(wait);
      else this.#admit();
    }
    return wait.promise as Promise<never>;
  }

  /**
   * Counts one more as begun if it may begin now and nobody waits; answers whether it does. No checkpoint.
   *
   * @throws {TypeError} or {RangeError} for options of a wrong kind or range.
   */
  tryAcquire(options: Omit<RateOptions, "signal"> = {}): boolean {
    const weight = this.#checked(options, ["weight"]);
    if (this.#waiting > 0 || this.#whenFits(weight) > loop().timers.now()) return false;
    this.#record(weight);
    return true;
  }

  /**
   * Calls `fn` as soon as one more may begin; settles as it does. Whatever comes of it, the start counts.
   *
   * @throws {TypeError} or {RangeError} at the call, for arguments of a wrong kind or range.
   * @throws {Cancelled} (rejection) when the scope is cancelled while it waits; `fn` is not called then.
   */
  run<T>(fn: () => T | PromiseLike<T>, options: RateOptions = {}): Promise<T> {
    checkFunction(fn, "The function run by a rate limiter");
    const acquired = this.acquire(options);
    return toCaller(runAfter(acquired, fn), undefined, options.signal);
  }

  /** The numbers of the limiter at this moment. */
  statistics(): RateLimiterStatistics {
    const waiting = this.#waiting;
    const retryAt = this.#whenFits(this.#next?.weight ?? 1);
    const used = this.#counted + this.#reserved;
    // A time that depends on starts which have not come yet is not known.
    const retryAfter = retryAt === Infinity ? this.#interval : Math.max(0, retryAt - loop().timers.now());
    return Object.freeze({ limit: this.#limit, interval: this.#interval, used, waiting, retryAfter });
  }

  get #waiting(): number {
    return this.#lines.reduce((sum, { size }) => sum + size, 0);
  }

  /** The one to begin next. */
  get #next(): StartWait | undefined {
    return this.#lines.findLast(({ size }) => size > 0)?.first as StartWait | undefined;
  }

  #checked(options: RateOptions, known: readonly string[] = ["signal", "weight"]): number {
    checkOptions(options, "a start", known);
    const { signal, weight = 1 } = options;
    checkSignal(signal);
    checkCount(weight, "The weight of a start", 1);
    if (weight <= this.#limit) return weight;
    throw new RangeError(`The weight of a start is at most the limit, ${this.#limit}: received ${weight}`);
  }

  /** Lets in whoever may begin now, and sees to it that the next one will be. */
  #admit(): void {
    let next = this.#next;
    let at = -Infinity;
    for (; next !== undefined; next = this.#next) {
      at = this.#whenFits(next.weight);
      if (at > loop().timers.now()) break;
      this.#letIn(next);
    }
    this.#setTimer(next === undefined ? Infinity : at);
  }

  #letIn(wait: StartWait): void {
    this.#reserved += wait.weight;
    wait.hand(wait.weight);
  }

  /** When one more may begin; `Infinity` while that depends on when those will who have been let in. */
  #whenFits(weight: number): number {
    if (this.#clock !== loop().timers.clock) this.#forget();
    const now = loop().timers.now();
    for (; this.#first !== undefined && this.#first.at + this.#interval <= now; this.#first = this.#first.next) {
      this.#counted -= this.#first.weight;
    }
    let at = this.#lastAt + this.#spacing;
    if (this.#spacing > 0 && this.#reserved > 0) return Infinity;
    let over = this.#counted + this.#reserved + weight - this.#limit;
    for (let start = this.#first; over > 0; start = start.next) {
      if (start === undefined) return Infinity;
      over -= start.weight;
      at = Math.max(at, start.at + this.#interval);
    }
    return at;
  }

  /** What began by another clock, before a simulation or in it, or by that of fakes, says nothing here. */
  #forget(): void {
    this.#clock = loop().timers.clock;
    this.#first = this.#last = this.#timer = undefined;
    this.#counted = 0;
    this.#lastAt = -Infinity;
  }

  #record(weight: number): void {
    const start: Start = { at: loop().timers.now(), weight, next: undefined };
    if (this.#first === undefined) this.#first = start;
    else this.#last!.next = start;
    this.#last = start;
    this.#counted += weight;
    this.#lastAt = start.at;
  }

  #setTimer(deadline: number): void {
    if (deadline === this.#timer?.deadline) return;
    if (this.#timer !== undefined) loop().timers.cancel(this.#timer);
    this.#timer = undefined;
    if (deadline === Infinity) return;
    const expire = (): void => {
      this.#timer = undefined;
      this.#admit();
    };
    loop().timers.set(this.#timer = { deadline, hold: true, order: 0, expire });
  }
}

async function runAfter<T>(acquired: Promise<void>, fn: () => T | PromiseLike<T>): Promise<T> {
  await acquired;
  return await fn();
}
