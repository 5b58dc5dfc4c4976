/**
 * A seed with which a whole system fails.
 *
 * @module
 */

import { ScheduleFailure, toldFailure } from "../search/schedule_failure.ts";
import type { FoundFailure } from "./report_figures.ts";
import type { SoakReport } from "./soak_report.ts";
import type { Timeline, TimelineEntry } from "./timeline.ts";

/** What is known of a seed that fails. */
export interface FailingSeedRun {
  readonly seed: number;
  readonly kind: string;
  /** The faults that are left, a line each. */
  readonly faults: readonly string[];
  /** Can none of them be left out? */
  readonly isMinimal: boolean;
  readonly token: string;
  readonly timeline: Timeline;
  /** How many seeds were run until it was found. */
  readonly seeds: number;
}

/**
 * A body fails with some seed. `cause` is what it failed with; `schedule` has the faults that are left when all were taken out that it
 * fails without, one a line.
 *
 * The first line of the message and the last have the token: `soak(body, { replay: token })`, or `MILLRACE_REPLAY=token` in the
 * environment, runs it alone.
 */
export class SoakFailure extends ScheduleFailure implements FoundFailure {
  /** The seed: of those that were run the lowest that fails, or that fails in this way. */
  readonly seed: number;
  /**
   * In which way it fails: the class of the error, and its property `invariant`, or its message up to a colon, without numbers and what is
   * quoted. A run with fewer faults has to fail in the same way: put what differs from run to run behind a colon.
   */
  readonly kind: string;
  /** How many faults are left. */
  readonly faults: number;
  /** The last events of the run as a text: a lane for each machine, faults marked. */
  declare readonly timeline: string;
  /** What was known of all seeds when it was found. */
  declare readonly report: SoakReport;
  /** The run as entries, oldest first: the last 1000, and before them those that are near faults. */
  declare readonly run: readonly TimelineEntry[];

  /** Made by `soak`. */
  constructor(cause: unknown, failing: FailingSeedRun, report: SoakReport) {
    const { seed, kind, faults, token, timeline, seeds } = failing;
    const schedule = scheduleOf(failing);
    const text = timeline.toString();
    super(
      cause,
      { schedule, token, schedules: seeds, trace: timeline.trace, test: undefined },
      `${token}\n${toldFailure(cause, schedule, text.split("\n"))}\n\n` +
        `Found by seed ${seed}, after ${seeds} seeds; it alone runs again with soak(body, { replay: token }), or with\n` +
        `  MILLRACE_REPLAY=${token}`,
    );
    this.name = "SoakFailure";
    this.seed = seed;
    this.kind = kind;
    this.faults = faults.length;
    // Printing the error must not list all of it again.
    for (const [name, value] of Object.entries({ timeline: text, run: timeline.entries, report })) {
      Object.defineProperty(this, name, { value, configurable: true });
    }
  }
}

function scheduleOf({ faults, isMinimal }: FailingSeedRun): readonly string[] {
  if (faults.length === 0) return ["nothing goes wrong: no fault is needed"];
  return isMinimal ? faults : [...faults, "(the time or the signal ended the search for fewer)"];
}
