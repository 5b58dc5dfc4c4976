/**
 * The phase of timers of a simulated loop: which timers belong to it, and which have to come at once.
 *
 * A host may be slow anywhere, so that of two timers set one after the other the first may be due a round before the second. It is
 * never so slow that timers come in an order its phases exclude.
 *
 * @module
 */

import type { VirtualTimer } from "./virtual_timers.ts";

/** What is known of the phase. */
export class TimerPhase {
  /** Timers from this number on were asked for in the phase that is on: immediates come before them. */
  limit: number = Infinity;
  /** The clock has been seen at this time, by a callback that took it until then. */
  spunTo: number = -1;
  /** The list and time of the timer that fired last. */
  #fired: { readonly delay: number; readonly deadline: number } | undefined;
  /** Do all that were set with it come with it? */
  #isWhole = false;
  /** The last number that was given before the macrotask that ran last. */
  #before = 0;

  /** A macrotask begins, after `fire` for that of a timer; `lastId` is the last number that was given. */
  begin(lastId: number): void {
    this.#before = lastId;
  }

  /** Timers from this number on cannot come now. */
  limitNow(hasImmediates: boolean, isPolling: boolean): number {
    if (!hasImmediates) return Infinity;
    return isPolling ? 0 : this.limit;
  }

  /** Does this timer, which is due, come before all else? */
  isNext(timer: VirtualTimer, isPolling: boolean): boolean {
    if (this.#isWhole && this.#cameWith(timer)) return true;
    return !isPolling && timer.deadline <= this.spunTo && timer.id < this.limit;
  }

  /** A timer fires. `isLater`: the clock has to move on for it, and nothing is passed over. */
  fire(timer: VirtualTimer, isLater: boolean, lastId: number): void {
    if (isLater || timer.id >= this.limit || this.limit === Infinity) this.limit = lastId + 1;
    if (this.#cameWith(timer)) return;
    // A round in which it did not come yet shows that all set with it were set at the same time.
    this.#isWhole = timer.id <= this.#before;
    this.#fired = { delay: timer.delay, deadline: timer.deadline };
  }

  /** Something else comes, before `first`, the timer to fire first. */
  interrupt(first: VirtualTimer | undefined): void {
    // Those that were set by then and not due are due together.
    if (first !== undefined && this.#cameWith(first)) this.#isWhole = true;
  }

  /** Is it a timer of 1 ms, set at the same time as the one that fired last? */
  #cameWith(timer: VirtualTimer): boolean {
    return timer.delay <= 1 && timer.delay === this.#fired?.delay && timer.deadline === this.#fired.deadline;
  }
}
