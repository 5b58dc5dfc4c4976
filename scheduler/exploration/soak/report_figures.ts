/**
 * The figures of a report, as its text and its page take them.
 *
 * @module
 */

import type { ScheduleFailure } from "../search/schedule_failure.ts";
import type { SlowSeed } from "./tally.ts";
import type { TimelineEntry } from "./timeline.ts";

/** How many seeds had been run after so much time. */
export interface SoakProgress {
  /** In ms of real time. */
  readonly time: number;
  /** How many seeds had been run. */
  readonly seeds: number;
}

/** Faults of a kind. */
export interface SoakFaults {
  /** What they are called. */
  readonly kind: string;
  /** How often they came; 0 for those that might have, and did not with any seed. */
  readonly injected: number;
  /** How often that had an effect. */
  readonly effective: number;
  /** In how many seeds they came. */
  readonly seeds: number;
}

/** A mark of `sim.sometimes`. */
export interface SoakMark {
  /** What it is called. */
  readonly label: string;
  /** In how many seeds it was reached. */
  readonly seeds: number;
}

/** A failure that a soak has found, made small. */
export interface FoundFailure extends ScheduleFailure {
  /** The lowest seed that fails in this way. */
  readonly seed: number;
  /** In which way it fails: the class of the error and what was violated. */
  readonly kind: string;
  /** How many faults are left. */
  readonly faults: number;
  /** The last events of the run as a text: a lane for each machine, faults marked. */
  readonly timeline: string;
  /** The run as entries, oldest first: the last 1000, and before them those that are near faults. */
  readonly run: readonly TimelineEntry[];
}

/** What a report tells. */
export interface SoakFigures {
  readonly name: string;
  readonly profile: string;
  readonly seeds: number;
  readonly isComplete: boolean;
  readonly failing: number;
  readonly failures: readonly FoundFailure[];
  readonly checked: number;
  readonly events: number;
  readonly virtual: number;
  readonly hash: number;
  readonly faults: readonly SoakFaults[];
  readonly marks: readonly SoakMark[];
  readonly sizes: readonly number[];
  readonly elapsed: number;
  readonly threads: number;
  readonly slowest: readonly SlowSeed[];
  readonly progress: readonly SoakProgress[];
  readonly seedsPerSecond: number;
  readonly eventsPerSecond: number;
  readonly neverReached: readonly string[];
  readonly withoutEffect: readonly string[];
  readonly neverInjected: readonly string[];
}
