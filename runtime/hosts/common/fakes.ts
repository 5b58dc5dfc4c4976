/**
 * The fake clock and timers that a test has put in the place of the host's.
 *
 * @module
 */

import { microtask } from "../../basics/promises.ts";
import type { HostTimer, TimeSource } from "../../port/host.ts";
import { isNative, isOwnClock, ownFunctions, sinonClock } from "./own_functions.ts";

/** The longest delay a timer keeps; a longer one would fire after 1 ms. */
export const longestDelay: number = 2 ** 31 - 1;

/** For how long a clock may stand still, in ms: more than a busy machine keeps a program from running, but no loop waits for it for ever. */
const longestMoment = 1000;

type SetTimeout = (callback: () => void, delay: number) => unknown;

const { Date: LoadedDate } = globalThis;
const loadedNow = LoadedDate.now;

/** One set of fakes. A timer of theirs is set for each wait, so that it comes when they say, whatever clock they have. */
class Fakes implements TimeSource {
  readonly #setTimeout: SetTimeout;
  readonly #sinon: { readonly performance?: { now(): number } } | undefined;
  readonly #clearTimeout: (handle: unknown) => void = globalThis.clearTimeout as never;
  /** What lies between the clock that is read and this one, which goes on from the host's own. */
  #ahead: number | undefined = undefined;
  #last = -Infinity;
  /** What the host's own clock has been found to be, in the microtask that runs. */
  #read: number | undefined = undefined;

  constructor(setTimeout: SetTimeout) {
    this.#setTimeout = setTimeout;
    this.#sinon = sinonClock(setTimeout);
  }

  /**
   * `performance.now()`, where that is faked too. Else the clock that sinon's fakes have, or the fakes' `Date`: with `mock.timers` of
   * `node:test`, whose `performance` is the real one, a wait of 100 ms would otherwise not be over after `mock.timers.tick(100)`. Where
   * there is none either, the host's own clock, moved on by what the timers have skipped.
   */
  now(): number {
    const { performance, Date } = globalThis;
    if (!isOwnClock(performance.now)) return performance.now();
    const faked = this.#sinon?.performance?.now() ?? (isFakeDate(Date) ? Date.now() : undefined);
    const read = faked ?? this.#readOwn();
    // Whole, so that sums of whole milliseconds stay exact.
    this.#ahead ??= faked === undefined ? 0 : Math.floor(ownFunctions().now()) - faked;
    if (read + this.#ahead < this.#last) {
      // They begin anew, with what they had pending forgotten: they are other fakes from now on.
      this.#ahead = this.#last - read;
      noFakes();
    }
    return this.#last = read + this.#ahead;
  }

  /** The host's own clock stands still for a moment: a sleep of 100 ms is not to be set for the 99 that are left of it by then. */
  #readOwn(): number {
    const own = ownFunctions().now();
    if (this.#read === undefined) microtask(() => this.#read = undefined);
    else if (own - this.#read < longestMoment) return this.#read;
    return this.#read = own;
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
    return { ref() {}, unref() {}, cancel: () => this.#clear(handle) };
  }

  /** Node's `mock.timers` take a timer out by its place in their queue: one of before their reset would take another one with it. */
  #clear(handle: unknown): void {
    if (last?.fakes === this && globalThis.setTimeout as unknown === this.#setTimeout) {
      this.#clearTimeout.call(globalThis, handle);
    }
  }

  /** A timer has come, so that it is that late; less than a millisecond is how early hosts are. */
  #cameAt(due: number): void {
    const behind = due - this.now();
    if (behind <= 1 || this.#ahead === undefined) return;
    this.#ahead += behind;
  }
}

let last: { readonly setTimeout: SetTimeout; readonly fakes: Fakes } | undefined;

/** The fakes whose `setTimeout` this is; other ones after each time that there were none. */
export function fakesOver(setTimeout: SetTimeout): TimeSource {
  if (last?.setTimeout !== setTimeout) last = { setTimeout, fakes: new Fakes(setTimeout) };
  return last.fakes;
}

/** There are no fakes at the moment. */
export function noFakes(): undefined {
  last = undefined;
}

function isFakeDate(Date: DateConstructor): boolean {
  return Date !== LoadedDate || Date.now !== loadedNow || !isNative(Date) || !isNative(Date.now);
}
