/** How late the loop is: a task that sleeps a little again and again, and looks at how much longer it took. */

import { sleepUntil } from "../../mod.ts";

/** How often it looks, in ms. A stall that begins just after a look is taken for so much shorter than it was. */
const interval = 2;
/** How many samples the percentiles are of: the last ten seconds or so. */
const kept = 4096;

export class LoopDelay {
  /** The longest delay so far, in ms. */
  longest = 0;
  /** The latest delay, in ms. */
  latest = 0;
  readonly #samples: Float64Array = new Float64Array(kept);
  /** When each of them was taken. */
  readonly #times: Float64Array = new Float64Array(kept);
  #count = 0;

  /** Samples until it is cancelled. */
  async run(): Promise<never> {
    for (;;) {
      const due = performance.now() + interval;
      await sleepUntil(due);
      const now = performance.now();
      const delay = now - due;
      this.latest = delay;
      this.#times[this.#count % kept] = now;
      this.#samples[this.#count++ % kept] = delay;
      if (delay > this.longest) this.longest = delay;
    }
  }

  /** The longest delay that ended since a time of `performance.now()`, of the samples that are kept, in ms. */
  longestSince(time: number): number {
    let longest = 0;
    const last = Math.max(0, this.#count - kept);
    for (let index = this.#count - 1; index >= last && this.#times[index % kept]! >= time; index--) {
      longest = Math.max(longest, this.#samples[index % kept]!);
    }
    return longest;
  }

  /** A percentile of the last samples, in ms. */
  percentile(percent: number): number {
    const sorted = this.#samples.slice(0, Math.min(this.#count, kept)).sort();
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * percent / 100))] ?? 0;
  }
}
