/**
 * What the loop does: how late it is, how busy, and who kept it from everything else.
 *
 * Delay is measured by a timer of our own, alike on every host, because hosts' own monitors are not: some count the timer's period
 * in, some drop the sample after a block, some have none. A timer that is late by several periods stands for those that it kept from
 * coming: they are counted as late as they would have been, so that a block of a second is not one sample among many.
 *
 * @module
 */

import { DelayHistogram, type DelaySummary } from "../basics/histogram.ts";
import type { Host, HostTimer } from "../port/host.ts";

/** Somebody who runs in a turn, as the monitor sees them. */
export interface TurnRunner {
  /** What kind of work it is, and its name. */
  describe(): string;
}

/** Is told of each turn. */
export interface TurnObserver {
  /** A turn has begun. */
  began(runner: TurnRunner, now: number): void;
  /** The turn and its microtasks are over, if one had begun; `fresh` says that the host has run callbacks of its own since. */
  ended(now: number, fresh: boolean): void;
}

/** A turn that kept the loop from everything else for too long. */
export interface LongTurn {
  /** Who ran: a task, chunked work, a posted callback, a request, or "outside Millrace"; with a doubt where the host ran others in between. */
  readonly who: string;
  /** For how long, in ms. */
  readonly duration: number;
  /** When it ended, in ms of the host's clock. */
  readonly at: number;
}

/** The numbers of a monitor at one moment. */
export interface LoopSnapshot {
  /** For how long the monitor has watched, in ms. */
  readonly elapsed: number;
  /** How late the loop was for a timer. */
  readonly delay: DelaySummary;
  /** Turns of the run queue. */
  readonly turns: number;
  /** Slices of the run queue. */
  readonly slices: number;
  /** How long turns of the run queue ran, their microtasks included, in ms. */
  readonly busy: number;
  /** The share of the time in which the loop was seen to be busy, with turns or by being late; 0 to 1. */
  readonly utilization: number;
  /** How many turns were long. */
  readonly longTurnCount: number;
  /** The last 32 of them. */
  readonly longTurns: readonly LongTurn[];
}

/** What is told when nobody of ours ran. */
export const outside = "outside Millrace";

const keptTurns = 32;

/** Records turns and delays. */
export class LoopRecorder implements TurnObserver {
  readonly delay: DelayHistogram = new DelayHistogram();
  readonly #host: Host;
  readonly #resolution: number;
  readonly #longTurn: number;
  readonly #onLongTurn: ((turn: LongTurn) => void) | undefined;
  readonly #onSign: ((runner: TurnRunner | undefined) => void) | undefined;
  #timer: HostTimer;
  #expected: number;
  #began: number;
  /** Who runs, and since when. */
  #runner: TurnRunner | undefined = undefined;
  #turnBegan = 0;
  /** When something of ours was last seen to happen. */
  #lastSign: number;
  #turns = 0;
  #busy = 0;
  #lateness = 0;
  #longTurnCount = 0;
  readonly #longTurns: LongTurn[] = [];

  /** Begins to record; `onSign` is told of everything that shows that the loop goes on. */
  constructor(
    host: Host,
    settings: {
      resolution: number;
      longTurn: number;
      onLongTurn: ((turn: LongTurn) => void) | undefined;
      onSign: ((runner: TurnRunner | undefined) => void) | undefined;
    },
  ) {
    this.#host = host;
    this.#resolution = settings.resolution;
    this.#longTurn = settings.longTurn;
    this.#onLongTurn = settings.onLongTurn;
    this.#onSign = settings.onSign;
    this.#began = this.#lastSign = host.now();
    this.#expected = this.#began + this.#resolution;
    this.#timer = this.#arm();
  }

  began(runner: TurnRunner, now: number): void {
    this.#runner = runner;
    this.#turnBegan = this.#lastSign = now;
    this.#onSign?.(runner);
  }

  ended(now: number, fresh: boolean): void {
    const runner = this.#runner;
    if (runner === undefined) return;
    this.#runner = undefined;
    this.#lastSign = now;
    const duration = now - this.#turnBegan;
    this.#turns++;
    this.#busy += duration;
    if (duration > this.#longTurn) {
      const who = fresh ? `${runner.describe()}, or a callback of the host after it` : runner.describe();
      this.#tell({ who, duration, at: now });
    }
    this.#onSign?.(undefined);
  }

  /** The numbers so far; `slices` is what the run queue counts. */
  snapshot(slices: number): LoopSnapshot {
    const elapsed = this.#host.now() - this.#began;
    return Object.freeze({
      elapsed,
      delay: this.delay.summary(),
      turns: this.#turns,
      slices,
      busy: this.#busy,
      utilization: elapsed === 0 ? 0 : Math.min(1, Math.max(this.#busy, this.#lateness) / elapsed),
      longTurnCount: this.#longTurnCount,
      longTurns: Object.freeze([...this.#longTurns]),
    });
  }

  /** Forgets what was recorded so far. */
  reset(): void {
    this.delay.reset();
    this.#began = this.#host.now();
    this.#turns =
      this.#busy =
      this.#lateness =
      this.#longTurnCount =
        0;
    this.#longTurns.length = 0;
  }

  /** Ends; a second call does nothing. */
  close(): void {
    this.#timer.cancel();
  }

  #arm(): HostTimer {
    const timer = this.#host.setTimer(() => this.#sample(), this.#resolution);
    timer.unref();
    return timer;
  }

  #sample(): void {
    const now = this.#host.now();
    const late = Math.max(0, now - this.#expected);
    this.delay.add(late);
    for (let missed = late - this.#resolution; missed > 0; missed -= this.#resolution) this.delay.add(missed);
    this.#lateness += late;
    // Since the last sign of ours, or since the timer was due: who has run in between is nobody that we know.
    const since = Math.max(this.#expected, this.#lastSign);
    if (this.#runner === undefined && now - since > this.#longTurn) {
      this.#tell({ who: outside, duration: now - since, at: now });
    }
    this.#lastSign = now;
    this.#onSign?.(undefined);
    this.#expected = now + this.#resolution;
    this.#timer = this.#arm();
  }

  #tell(turn: LongTurn): void {
    this.#longTurnCount++;
    this.#longTurns.push(turn);
    if (this.#longTurns.length > keptTurns) this.#longTurns.shift();
    this.#onLongTurn?.(turn);
  }
}
