/**
 * A host whose clock and loop belong to the test: time passes only where the test says so, and one call of `iterate` is one
 * iteration of the loop.
 *
 * @module
 */

import { currentHost } from "../../runtime/current_host.ts";
import type { Host, HostTimer, Turns } from "../../runtime/port/host.ts";

export class FakeHost {
  time = 0;
  /** How much time has passed since the loop last looked at I/O and timers, at each of those looks. */
  readonly waits: number[] = [];
  readonly host: Host;
  #turns: { run: () => void }[] = [];
  #timers: { at: number; callback: () => void; cancelled: boolean }[] = [];
  #lastPoll = 0;
  #fresh = true;
  /** How many turns are left of the iteration that `step` is in. */
  #left = 0;

  constructor() {
    const openTurns = (onTurn: (fresh: boolean) => void): Turns => {
      const request = (): void => {
        this.#turns.push({
          run: () => {
            const fresh = this.#fresh;
            this.#fresh = false;
            onTurn(fresh);
          },
        });
      };
      return { request, requestAfterPoll: request };
    };
    const setTimer = (callback: () => void, delay: number): HostTimer => {
      const timer = { at: this.time + delay, callback, cancelled: false };
      this.#timers.push(timer);
      return { ref() {}, unref() {}, cancel: () => void (timer.cancelled = true) };
    };
    // What a page tells of frames and idle times has a clock of its own.
    const { requestFrame: _, requestIdle: __, ...rest } = currentHost();
    this.host = {
      ...rest,
      name: "simulation",
      now: () => this.time,
      openTurns,
      setTimer,
      fakes: () => undefined,
    };
  }

  /** Timers that are set. */
  get timers(): number {
    return this.#timers.filter(({ cancelled }) => !cancelled).length;
  }

  /** Runs the turns that were asked for, as a check phase does, then polls and fires timers; answers if there is more. */
  iterate(): boolean {
    const batch = this.#turns;
    this.#turns = [];
    for (const turn of batch) turn.run();
    this.waits.push(this.time - this.#lastPoll);
    this.#lastPoll = this.time;
    this.#fresh = true;
    for (const timer of this.#timers.filter(({ at }) => at <= this.time)) {
      if (!timer.cancelled) timer.callback();
      timer.cancelled = true;
    }
    this.#timers = this.#timers.filter(({ cancelled }) => !cancelled);
    return this.#turns.length > 0;
  }

  /** Runs the next turn of the iteration, or polls and begins the next one; answers if there was a turn. */
  step(): boolean {
    const turn = this.#turns.shift();
    if (turn === undefined) return false;
    turn.run();
    this.#left--;
    if (this.#left <= 0) {
      this.#left = this.#turns.length;
      this.#fresh = true;
    }
    return true;
  }

  /** Lets time pass until the next timer, and fires it; answers if there was one. */
  jump(): boolean {
    const next = Math.min(...this.#timers.filter(({ cancelled }) => !cancelled).map(({ at }) => at));
    if (next === Infinity) return false;
    this.time = Math.max(this.time, next);
    this.iterate();
    return true;
  }
}
