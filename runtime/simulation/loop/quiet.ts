/**
 * Those who wait for a loop to have nothing to do.
 *
 * @module
 */

import type { Arrivals } from "./arrivals.ts";
import type { Immediates } from "./immediates.ts";
import type { VirtualTimers } from "./virtual_timers.ts";

/** What a loop has to do. */
interface Pending {
  readonly now: number;
  readonly timers: VirtualTimers;
  readonly immediates: Immediates;
  readonly arrivals: Arrivals;
}

/** Who waits for quiet on one loop. */
export class Quiet {
  #blocked: (() => void)[] = [];
  #settling: (() => void)[] = [];

  /** Calls back when nothing more can run before the clock moves on. */
  whenBlocked(fn: () => void): void {
    this.#blocked.push(fn);
  }

  /** Calls back when nothing is left that was begun and has to end. */
  whenSettled(fn: () => void): void {
    this.#settling.push(fn);
  }

  /** Does anybody wait? */
  get isAwaited(): boolean {
    return this.#blocked.length + this.#settling.length > 0;
  }

  /** Those whose wait is over. */
  due({ now, timers, immediates, arrivals }: Pending): readonly (() => void)[] {
    if (arrivals.hasReady || immediates.waiting > 0 || immediates.hasNext) return [];
    const first = timers.first();
    if (first !== undefined && first.deadline <= now) return [];
    if (this.#blocked.length > 0) return this.#blocked.splice(0);
    return arrivals.hasLater || timers.referenced > 0 ? [] : this.#settling.splice(0);
  }
}
