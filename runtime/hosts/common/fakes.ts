/**
 * The fake clock and timers that a test has put in the place of the host's.
 *
 * @module
 */

import type { HostTimer, TimeSource } from "../../port/host.ts";
import { isNative, isOwnClock, ownFunctions } from "./own_functions.ts";

const longestDelay = 2 ** 31 - 1;

type SetTimeout = (callback: () => void, delay: number) => unknown;

const { Date: LoadedDate } = globalThis;
const loadedNow = LoadedDate.now;

/** One set of fakes. A timer of theirs is set for each wait, so that it comes when they say, whatever clock they have. */
class Fakes implements TimeSource {
  readonly #setTimeout: SetTimeout;
  readonly #clearTimeout: (handle: unknown) => void = globalThis.clearTimeout as never;
  /** What lies between the clock that is read and this one, which goes on from the host's own. */
  #ahead: number | undefined = undefined;
  #last = -Infinity;

  constructor(setTimeout: SetTimeout) {
    this.#setTimeout = setTimeout;
  }

  /**
   * `performance.now()`, where that is faked too. Else the fakes' `Date`; and where they have none either, the host's own clock, moved on
   * by what their timers have skipped: with `mock.timers` of `node:test`, whose `performance` is the real one, a wait of 100 ms would
   * otherwise not be over after `mock.timers.tick(100)`.
   */
  now(): number {
    const { performance, Date } = globalThis;
    if (!isOwnClock(performance.now)) return performance.now();
    const own = ownFunctions().now();
    const read = isFakeDate(Date) ? Date.now() : own;
    // Whole, so that sums of whole milliseconds stay exact.
    this.#ahead ??= read === own ? 0 : Math.floor(own) - read;
    // Fakes that begin anew begin at 0.
    if (read + this.#ahead < this.#last) this.#ahead = this.#last - read;
    return this.#last = read + this.#ahead;
  }

  setTimer(callback: () => void, delay: number): HostTimer {
    const due = this.now() + delay;
    let left = delay;
    let handle: unknown;
    const hop = (): unknown => {
      // Fakes too take a longer delay for 1 ms.
      const next = Math.min(left, longestDelay);
      left -= next;
      return this.#setTimeout.call(globalThis, come, next);
    };
    const come = (): void => {
      if (left > 0) return void (handle = hop());
      this.#cameAt(due);
      callback();
    };
    handle = hop();
    // They do not hold the process, or it is not known how to let it go.
    return { ref() {}, unref() {}, cancel: () => this.#clearTimeout.call(globalThis, handle) };
  }

  /** A timer has come, so that it is that late; less than a millisecond is how early hosts are. */
  #cameAt(due: number): void {
    const behind = due - this.now();
    if (behind <= 1 || this.#ahead === undefined) return;
    this.#ahead += behind;
  }
}

const known: WeakMap<SetTimeout, Fakes> = new WeakMap();
let last: { readonly setTimeout: SetTimeout; readonly fakes: Fakes } | undefined;

/** The fakes whose `setTimeout` this is. */
export function fakesOver(setTimeout: SetTimeout): TimeSource {
  if (last?.setTimeout === setTimeout) return last.fakes;
  let fakes = known.get(setTimeout);
  if (fakes === undefined) known.set(setTimeout, fakes = new Fakes(setTimeout));
  last = { setTimeout, fakes };
  return fakes;
}

function isFakeDate(Date: DateConstructor): boolean {
  return Date !== LoadedDate || Date.now !== loadedNow || !isNative(Date) || !isNative(Date.now);
}
