/**
 * Calls that come too often, made less often.
 *
 * ```
 *   idle ──a call──> open ──no call for `wait` ms, or `maxWait` ms since the last run──> idle
 *    leading: runs fn here            trailing: runs fn here, in a turn of its own, with the last arguments
 * ```
 *
 * @module
 */

import { checkBoolean, checkDuration, checkFunction, checkOptions } from "../../runtime/basics/check.ts";
import type { TimeSource } from "../../runtime/port/host.ts";
import { loop } from "../queue/loop.ts";
import type { Timed } from "../queue/timer_queue.ts";
import { currentScope, laneIn, within } from "../scopes/current_scope.ts";
import { Member, type Scope } from "../scopes/scope.ts";
import { reportUnhandled, watchHook } from "../scopes/unhandled.ts";

/** How calls are to be thinned out. */
export interface ThrottleOptions {
  /** Run at the first call, in it; what the function throws the caller gets. Default: false for `debounce`, true for `throttle`. */
  leading?: boolean;
  /** Run after the last call, in a turn of its own; what the function throws goes to `onUnhandled`. Default: true. */
  trailing?: boolean;
}

/** How calls are to be collected. */
export interface DebounceOptions extends ThrottleOptions {
  /** Run at the latest so many ms after the first call that has not been run, though more calls come. Default: never. */
  maxWait?: number;
}

/** A function that runs another one less often than it is called. */
export interface Debounced<A extends unknown[], R = unknown, This = unknown> {
  /**
   * Notes a call, and returns the result of the last run, which is this call's own if it runs in it; `undefined` before the first.
   * After the scope that the function was made in has ended or been cancelled it runs nothing.
   */
  (this: This, ...args: A): R | undefined;
  /** Forgets the calls that wait to be run. */
  cancel(): void;
  /** Runs now what waits to be run, in this call, if something does; returns the result of the last run. */
  flush(): R | undefined;
  /** Does a call wait to be run? */
  readonly pending: boolean;
}

/**
 * A function that runs `fn` once `wait` ms have passed without a call, with the arguments, the `this` and in the async context of the
 * last one. Each call returns the result of the last run. If that is a promise which rejects, the error goes to `onUnhandled`, whoever
 * else looks at it.
 *
 * It belongs to the scope that it is made in: calls that wait when that is cancelled or ends are forgotten.
 *
 * @throws {TypeError} or {RangeError} at the call, for arguments of a wrong kind or range.
 *
 * @example
 * ```ts
 * import { debounce, sleep } from "@millrace/millrace";
 *
 * const search = debounce((words: string) => console.log(words), 10);
 * search("h");
 * search("he");
 * search("hello");
 * await sleep(50); // -> hello
 * ```
 */
export function debounce<A extends unknown[], R = unknown, This = unknown>(
  fn: (this: This, ...args: A) => R,
  wait: number,
  options: DebounceOptions = {},
): Debounced<A, R, This> {
  checkFunction(fn, "The function to debounce");
  checkDuration(wait, "The time to debounce for");
  checkOptions(options, "debounce", ["leading", "trailing", "maxWait"]);
  const { leading = false, trailing = true, maxWait = Infinity } = options;
  checkBoolean(leading, "leading");
  checkBoolean(trailing, "trailing");
  checkDuration(maxWait, "maxWait");
  return thinOut(fn as Fn, { wait, leading, trailing, maxWait: Math.max(wait, maxWait) });
}

/**
 * A function that runs `fn` at most once every `wait` ms: at the first call, and after `wait` ms with the arguments of the last one,
 * if there were more. Otherwise like {@linkcode debounce}.
 *
 * @throws {TypeError} or {RangeError} at the call, for arguments of a wrong kind or range.
 *
 * @example
 * ```ts
 * import { sleep, throttle } from "@millrace/millrace";
 *
 * const show = throttle((percent: number) => console.log(percent), 10);
 * for (let percent = 0; percent <= 100; percent++) show(percent); // -> 0
 * await sleep(50); // -> 100
 * ```
 */
export function throttle<A extends unknown[], R = unknown, This = unknown>(
  fn: (this: This, ...args: A) => R,
  wait: number,
  options: ThrottleOptions = {},
): Debounced<A, R, This> {
  checkFunction(fn, "The function to throttle");
  checkDuration(wait, "The time to throttle for");
  checkOptions(options, "throttle", ["leading", "trailing"]);
  const { leading = true, trailing = true } = options;
  checkBoolean(leading, "leading");
  checkBoolean(trailing, "trailing");
  return thinOut(fn as Fn, { wait, leading, trailing, maxWait: wait });
}

type Fn = (...args: unknown[]) => unknown;

interface Settings {
  readonly wait: number;
  readonly leading: boolean;
  readonly trailing: boolean;
  readonly maxWait: number;
}

function thinOut<D>(fn: Fn, settings: Settings): D {
  const scope = currentScope();
  let window: Window | undefined;
  let last: unknown;
  const run = ({ self, args }: Call): unknown => last = Reflect.apply(fn, self, args);
  function call(this: unknown, ...args: unknown[]): unknown {
    if (scope !== undefined && (scope.closed || scope.effective !== undefined)) return last;
    if (window === undefined || !window.isOpen) window = new Window(scope, run, settings);
    window.call({ self: this, args });
    return last;
  }
  call.cancel = (): void => window?.end();
  call.flush = (): unknown => {
    window?.flush();
    return last;
  };
  return Object.defineProperty(call, "pending", { get: () => window?.pending ?? false }) as D;
}

/** A call of the function that is called too often. */
interface Call {
  readonly self: unknown;
  readonly args: readonly unknown[];
}

/** The time from a first call to the run after the last one. A member of the scope, because its calls end with that. */
class Window extends Member implements Timed {
  isOpen = true;
  deadline = 0;
  order = 0;
  readonly hold = true;
  readonly #run: (call: Call) => unknown;
  readonly #settings: Settings;
  /** When the function is to run at the latest. */
  #latest = Infinity;
  #lastCall = 0;
  /** What told the time at the last call: the times of fakes and those of the host cannot be compared. */
  #clock: TimeSource | undefined = undefined;
  #isFirst = true;
  /** The last call that has not been run. */
  #waiting: { call: Call; captured: unknown } | undefined = undefined;

  constructor(scope: Scope | undefined, run: (call: Call) => unknown, settings: Settings) {
    super(scope);
    this.#run = run;
    this.#settings = settings;
  }

  get pending(): boolean {
    return this.#waiting !== undefined && !this.#isCancelled;
  }

  /** Is the scope cancelled? It may not have told of it yet. */
  get #isCancelled(): boolean {
    return this.parent?.effective !== undefined;
  }

  call(call: Call): void {
    const { leading, trailing, wait, maxWait } = this.#settings;
    const { timers } = loop();
    this.#lastCall = timers.now();
    if (this.#clock !== timers.clock) {
      this.#clock = timers.clock;
      this.#latest = this.#lastCall + maxWait;
      // That of fakes which have been removed would never come.
      timers.cancel(this);
    }
    const isLeading = this.#isFirst && leading;
    this.#isFirst = false;
    if (trailing && !isLeading) this.#waiting = { call, captured: loop().context.capture() };
    // The timer stays where it is: when it comes it is set again for what calls have come meanwhile.
    if (this.order === 0 && this.list === undefined) this.#set(Math.min(this.#lastCall + wait, this.#latest));
    if (isLeading) this.#watch(this.#run(call));
  }

  flush(): void {
    const waiting = this.#isCancelled ? undefined : this.#waiting;
    this.end();
    if (waiting !== undefined) {
      loop().context.resume(waiting.captured, () => this.#watch(this.#run(waiting.call)), undefined);
    }
  }

  end(): void {
    this.isOpen = false;
    this.#waiting = undefined;
    loop().timers.cancel(this);
    loop().queue.remove(this);
    this.leave();
  }

  override interrupt(): void {
    this.end();
  }

  override leftBehind(): void {
    this.end();
  }

  /** When what waits is to be run, as far as one can tell by now. */
  get #due(): number {
    return Math.min(this.#lastCall + this.#settings.wait, this.#latest);
  }

  /** Is it to be run later than now? */
  #isEarly(now: number): boolean {
    return this.#clock === loop().timers.clock && this.#due > now;
  }

  expire(): void {
    if (this.#isEarly(loop().timers.now())) this.#set(this.#due);
    else if (this.#waiting === undefined) this.end();
    else loop().queue.enqueue(this, laneIn(this.parent));
  }

  override run(): void {
    const waiting = this.#waiting!;
    const scope = this.parent;
    if (this.#isCancelled) return this.end();
    const { timers } = loop();
    const now = timers.now();
    // A call has come between the timer and this turn.
    if (this.#isEarly(now)) return this.#set(this.#due);
    this.#clock = timers.clock;
    this.#waiting = undefined;
    this.#latest = now + this.#settings.maxWait;
    // The calls may go on: the next of them is no first one, and a throttled function is not to run sooner.
    const isThrottled = this.#settings.maxWait === this.#settings.wait;
    const end = isThrottled ? this.#latest : this.#due;
    if (end > now) this.#set(end);
    else this.end();
    const run = (): void => {
      try {
        this.#watch(within(scope, this.#run, waiting.call));
      } catch (error) {
        reportUnhandled(error, scope);
      }
    };
    loop().context.resume(waiting.captured, run, undefined);
  }

  /** Nobody has to look at the promise that the function has returned. */
  #watch(result: unknown): void {
    watchHook(result, this.parent);
  }

  #set(deadline: number): void {
    this.deadline = deadline;
    loop().timers.set(this);
  }
}
