/**
 * What a soak has done and found.
 *
 * @module
 */

import { pageOf } from "./page/page.ts";
import type { FoundFailure, SoakFaults, SoakMark, SoakProgress } from "./report_figures.ts";
import { textOf } from "./report_text.ts";
import type { FaultTally, SlowSeed, Tally } from "./tally.ts";

/** What else than the sum of all runs a report tells. */
export interface SoakCircumstances {
  readonly name: string;
  readonly profile: string;
  readonly threads: number;
  /** In ms of real time. */
  readonly elapsed: number;
  readonly progress: readonly SoakProgress[];
  readonly failures: readonly FoundFailure[];
  /** Have all seeds been run that were asked for? */
  readonly isComplete: boolean;
}

/**
 * What a soak has done and found. It prints as a text; `html()` is a page in one file. Two soaks of the same seeds have the same report,
 * but for what tells of real time.
 */
export class SoakReport {
  /** What the body is called. */
  readonly name: string;
  /** The host whose rules were followed. */
  readonly profile: string;
  /** How many seeds were run. */
  readonly seeds: number;
  /** Were all seeds run that were asked for, and none left out by a failure or the end of the time? */
  readonly isComplete: boolean;
  /** How many seeds failed. */
  readonly failing: number;
  /** The lowest failing seed of each kind of failure, made small. */
  readonly failures: readonly FoundFailure[];
  /** How many seeds were run twice, to see whether both runs are the same. */
  readonly checked: number;
  /** How many macrotasks have run. */
  readonly events: number;
  /** The simulated time of all seeds, in ms. */
  readonly virtual: number;
  /** Stands for all events of all seeds: the same on every runtime, and for any number of threads. */
  readonly hash: number;
  /** Faults by their kinds. */
  readonly faults: readonly SoakFaults[];
  /** Marks of `sim.sometimes`; those that were never reached come first. */
  readonly marks: readonly SoakMark[];
  /** How many seeds had so many events: the first number had none, the next 1, then 2 to 3, 4 to 7, and so on by powers of two. */
  readonly sizes: readonly number[];
  /** Real time it took, in ms. */
  readonly elapsed: number;
  /** How many threads ran seeds. */
  readonly threads: number;
  /** The seeds that took longest. */
  readonly slowest: readonly SlowSeed[];
  /** How many seeds had been run after so much real time. */
  readonly progress: readonly SoakProgress[];

  /** Made by `soak`. */
  constructor(tally: Tally, circumstances: SoakCircumstances) {
    this.name = circumstances.name;
    this.profile = circumstances.profile;
    this.seeds = tally.seeds;
    this.isComplete = circumstances.isComplete;
    this.failing = tally.failing;
    this.failures = circumstances.failures;
    this.checked = tally.checked;
    this.events = tally.events;
    this.virtual = tally.virtual;
    this.hash = tally.hash;
    this.faults = [...tally.faults].map(([kind, count]: [string, FaultTally]) => ({ kind, ...count }))
      .sort((a, b) => b.injected - a.injected || compare(a.kind, b.kind));
    this.marks = [...tally.marks].map(([label, seeds]) => ({ label, seeds }))
      .sort((a, b) => a.seeds - b.seeds || compare(a.label, b.label));
    this.sizes = [...tally.sizes];
    this.elapsed = circumstances.elapsed;
    this.threads = circumstances.threads;
    this.slowest = tally.slowest;
    this.progress = circumstances.progress;
  }

  /** Seeds a second of real time. */
  get seedsPerSecond(): number {
    return perSecond(this.seeds, this.elapsed);
  }

  /** Simulated events a second of real time. */
  get eventsPerSecond(): number {
    return perSecond(this.events, this.elapsed);
  }

  /** The marks that no seed has reached. */
  get neverReached(): readonly string[] {
    return this.marks.filter(({ seeds }) => seeds === 0).map(({ label }) => label);
  }

  /** The kinds of faults that came and never had an effect: a test of nothing. */
  get withoutEffect(): readonly string[] {
    return this.faults.filter(({ injected, effective }) => injected > 0 && effective === 0).map(({ kind }) => kind);
  }

  /** The kinds of faults that might have come to machines, and did not with any seed. */
  get neverInjected(): readonly string[] {
    return this.faults.filter(({ injected }) => injected === 0).map(({ kind }) => kind);
  }

  /** The report for a terminal. */
  toString(): string {
    return textOf(this);
  }

  /** The report as a page: one file that needs no network. */
  html(): string {
    return pageOf(this);
  }
}

function perSecond(count: number, elapsed: number): number {
  return elapsed > 0 ? count / (elapsed / 1000) : 0;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
