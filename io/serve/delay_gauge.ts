/**
 * Says when the loop is overloaded, with hysteresis.
 *
 * ```
 *   calm ──two samples in a row later than the limit──> overloaded
 *     ▲                                                    │
 *     └──────── five in a row not later than half of it ───┘
 * ```
 *
 * One long stall is one sample, and no overload: turning clients away after it would be of no use any more. What counts is
 * a delay that the next sample still has.
 *
 * @module
 */

import { loop } from "../../scheduler/queue/loop.ts";

/** How often the delay is looked at, in ms. */
const interval = 20;
const samplesIn = 2;
const samplesOut = 5;

/** The delay of the loop against a limit. */
export class DelayGauge {
  readonly #limit: number;
  #overloaded = false;
  /** How many samples in a row have spoken for the other state. */
  #against = 0;
  #timer: { cancel(): void } | undefined = undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Is the loop overloaded? */
  get overloaded(): boolean {
    return this.#overloaded;
  }

  /** Begins to look at the loop; it holds no process. */
  start(): void {
    const due = loop().host.now() + interval;
    this.#timer = loop().timers.setTimer(
      () => {
        this.note(loop().host.now() - due);
        this.start();
      },
      interval,
      { hold: false, real: true },
    );
  }

  /** Stops looking. */
  stop(): void {
    this.#timer?.cancel();
  }

  /** Takes one sample: how late the loop was, in ms. */
  note(delay: number): void {
    const speaksAgainst = this.#overloaded ? delay <= this.#limit / 2 : delay > this.#limit;
    this.#against = speaksAgainst ? this.#against + 1 : 0;
    if (this.#against < (this.#overloaded ? samplesOut : samplesIn)) return;
    this.#overloaded = !this.#overloaded;
    this.#against = 0;
  }
}
