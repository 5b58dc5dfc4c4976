/**
 * Waiting for the loop to have nothing else to do, and for the next frame.
 *
 * @module
 */

import { checkDuration, checkOptions, show } from "../../runtime/basics/check.ts";
import { loop } from "../queue/loop.ts";
import { laneOf } from "../queue/priority.ts";
import { currentScope, laneIn } from "../scopes/current_scope.ts";
import { toCaller } from "../scopes/exit.ts";
import type { Scope } from "../scopes/scope.ts";
import { sleepUntil } from "./sleep.ts";
import { endedBy, Wait, type WaitOptions } from "./wait.ts";

/** How to wait for an idle loop. */
export interface WhenIdleOptions extends WaitOptions {
  /** Wait no longer than so many ms, idle or not. Default: `Infinity`; then the ageing bound of `configure` holds. */
  timeout?: number;
}

/** What an idle loop has to give. */
export interface IdleTime {
  /** Has the wait ended because of its timeout? */
  readonly didTimeout: boolean;
  /** How many ms are left before the loop's timers and I/O are to get their turn. */
  timeRemaining(): number;
}

/**
 * Waits until nothing of a higher priority than "background" is left to run, in a browser until the page is idle. A checkpoint.
 *
 * @throws {TypeError} or {RangeError} at the call, for a timeout of a wrong kind or range, or a `signal` that is none.
 * @throws {Cancelled} (rejection) when the scope around it is cancelled. With a `signal`, its reason when that is aborted.
 *
 * @example
 * ```ts
 * import { whenIdle } from "@millrace/millrace";
 *
 * const idle = await whenIdle({ timeout: 1000 });
 * console.log(idle.didTimeout); // -> false
 * ```
 */
export function whenIdle(options: WhenIdleOptions = {}): Promise<IdleTime> {
  checkOptions(options, "whenIdle", ["timeout", "signal"]);
  const { timeout = Infinity } = options;
  checkDuration(timeout, "The timeout of whenIdle");
  return endedBy(options, () => new IdleWait(currentScope(), timeout).promise, ["timeout", "signal"]);
}

/** How often frames come. */
export interface NextFrameOptions extends WaitOptions {
  /** Frames a second, where the host shows none itself. Default: 60. */
  rate?: number;
}

/**
 * Waits for the next frame: in a browser window `requestAnimationFrame`, elsewhere the next beat of a clock of `rate` beats a second.
 * Resolves to the time of the host's clock. A checkpoint.
 *
 * @throws {TypeError} or {RangeError} at the call, for a rate that is no number above 0, or a `signal` that is none.
 * @throws {Cancelled} (rejection) when the scope around it is cancelled. With a `signal`, its reason when that is aborted.
 *
 * @example
 * ```ts
 * import { nextFrame } from "@millrace/millrace";
 *
 * const first = await nextFrame({ rate: 100 });
 * const second = await nextFrame({ rate: 100 });
 * console.log(second > first); // -> true
 * ```
 */
export function nextFrame(options: NextFrameOptions = {}): Promise<number> {
  checkOptions(options, "nextFrame", ["rate", "signal"]);
  const { rate = 60 } = options;
  if (typeof rate !== "number") throw new TypeError(`The rate of frames has to be a number: received ${show(rate)}`);
  if (!(rate > 0 && rate < Infinity)) throw new RangeError(`The rate of frames has to be above 0: received ${rate}`);
  return endedBy(options, () => toCaller(waitForFrame(rate)), ["rate", "signal"]);
}

async function waitForFrame(rate: number): Promise<number> {
  const { host, timers } = loop();
  if (host.requestFrame !== undefined) {
    const { requestFrame } = host;
    let cancel: (() => void) | undefined;
    const wait: Wait = new Wait(currentScope(), () => cancel?.(), "the next frame");
    if (!wait.interrupted) cancel = requestFrame(() => wait.resolve());
    await wait.promise;
  } else {
    const beat = 1000 / rate;
    await sleepUntil((Math.floor(timers.now() / beat) + 1) * beat);
  }
  return timers.now();
}

/** The wait for a turn that nobody else wants. */
class IdleWait extends Wait<IdleTime> {
  readonly #timer: { cancel(): void } | undefined;
  #didTimeout = false;
  #stopIdle: (() => void) | undefined = undefined;

  constructor(scope: Scope | undefined, timeout: number) {
    super(scope, undefined, "an idle loop");
    if (this.interrupted) return;
    const { host, queue, timers } = loop();
    const enqueue = (): void => {
      if (!this.interrupted && this.list === undefined) queue.enqueue(this, laneOf("background"));
    };
    if (host.requestIdle === undefined) enqueue();
    else this.#stopIdle = host.requestIdle(enqueue);
    if (timeout === Infinity) return;
    this.#timer = timers.setTimer(() => {
      this.#didTimeout = true;
      enqueue();
      queue.move([this], laneOf("user-blocking"));
    }, timeout);
  }

  override run(): void {
    this.#release();
    const { host, queue } = loop();
    const end = queue.sliceEnd;
    const didTimeout = this.#didTimeout;
    if (this.interrupted) super.run();
    else this.resolve({ didTimeout, timeRemaining: () => Math.max(0, end - host.now()) });
  }

  /** The cancellation does not wait for an idle loop. */
  override interrupt(): void {
    super.interrupt();
    loop().queue.move([this], laneIn(this.parent));
  }

  protected override takeBack(): void {
    this.#release();
  }

  #release(): void {
    this.#timer?.cancel();
    this.#stopIdle?.();
  }
}
