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

/** Can something run before the clock moves on? */
export function isReady({ now, timers, immediates, arrivals }: Pending): boolean {
  if (arrivals.hasReady || immediates.waiting > 0 || immediates.hasNext) return true;
  const first = timers.first();
  return first !== undefined && first.deadline <= now;
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
  due(loop: Pending): readonly (() => void)[] {
    if (isReady(loop)) return [];
    const { timers, arrivals } = loop;
    if (this.#blocked.length > 0) return this.#blocked.splice(0);
    return arrivals.hasLater || timers.referenced > 0 ? [] : this.#settling.splice(0);
  }
}
