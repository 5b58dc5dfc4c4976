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
  // Without lists as long as nobody waits: each run of an exploration has one of these.
  #blocked: (() => void)[] | undefined = undefined;
  #settling: (() => void)[] | undefined = undefined;

  /** Calls back when nothing more can run before the clock moves on. */
  whenBlocked(fn: () => void): void {
    (this.#blocked ??= []).push(fn);
  }

  /** Calls back when nothing is left that was begun and has to end. */
  whenSettled(fn: () => void): void {
    (this.#settling ??= []).push(fn);
  }

  /** Does anybody wait? */
  get isAwaited(): boolean {
    return this.#blocked !== undefined || this.#settling !== undefined;
  }

  /** Those whose wait is over. */
  due(loop: Pending): readonly (() => void)[] {
    if (isReady(loop)) return [];
    const { timers, arrivals } = loop;
    const due = this.#blocked;
    this.#blocked = undefined;
    if (due !== undefined) return due;
    if (arrivals.hasLater || timers.referenced > 0) return [];
    const settled = this.#settling ?? [];
    this.#settling = undefined;
    return settled;
  }
}
