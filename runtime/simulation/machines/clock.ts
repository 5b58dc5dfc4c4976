/**
 * The clocks of a simulated machine.
 *
 * @module
 */

import { checkOptions, show } from "../../basics/check.ts";
import { firstMoment } from "../loop/first_moment.ts";

/** How the clocks of a machine differ from those of the world. */
export interface ClockSettings {
  /** By how many ms its wall clock is before the world's at the beginning. Default: 0. */
  offset?: number;
  /**
   * By how many millionths both its clocks are too fast, or too slow where that is negative; 100 is usual for real ones, and the most is
   * 100,000. Default: 0.
   */
  drift?: number;
}

/** The most by which a clock may be wrong, in millionths. */
const mostDrift = 100_000;

/** Refuses what no clock is made with. */
export function checkClock(settings: ClockSettings): void {
  checkOptions(settings, "machine", ["offset", "drift"]);
  for (const name of ["offset", "drift"] as const) {
    const value = settings[name] as unknown;
    if (value === undefined) continue;
    if (typeof value !== "number") throw new TypeError(`${name} has to be a number: received ${show(value)}`);
    if (!Number.isFinite(value)) throw new RangeError(`${name} has to be finite: received ${value}`);
    if (name === "drift" && Math.abs(value) > mostDrift) {
      throw new RangeError(`drift is at most ${mostDrift} millionths: received ${value}`);
    }
  }
}

/** The wall clock of a machine, which goes on while it is down, and the rate of both its clocks. */
export class MachineClock {
  /** How many ms it goes on in one of the loop's. */
  readonly rate: number;
  /** What it shows when the loop is at 0, in ms since 1970. */
  #base: number;

  constructor(startTime: number, { offset = 0, drift = 0 }: ClockSettings) {
    this.rate = 1 + drift / 1_000_000;
    this.#base = startTime + offset;
  }

  /** The time of day, in ms since 1970. */
  wall(now: number): number {
    return this.#base + now * this.rate;
  }

  /** Moves the wall clock on by so many ms, or back. */
  jump(ms: number): void {
    this.#base += ms;
  }

  /** What `performance.now()` is for a program that started at `since`. */
  monotonic(now: number, since: number): number {
    return firstMoment + (now - since) * this.rate;
  }
}
