/**
 * A schedule under which a body fails.
 *
 * @module
 */

import { show } from "../../../runtime/basics/check.ts";
import { formatTrace, type Trace, type TraceEntry } from "./trace.ts";

/** What is known of a schedule that fails. */
export interface FailingSchedule {
  readonly schedule: readonly string[];
  readonly token: string;
  readonly schedules: number;
  readonly trace: Trace;
  /** The name of the test, where it is one of a runner. */
  readonly test: string | undefined;
}

/**
 * A body fails under some order of events that a host could bring about. `cause` is what it failed with.
 */
export class ScheduleFailure extends Error {
  /**
   * What has to happen for it to fail: a line for each event that is held back from the order of arrival, and none that could be
   * left out; one line if the order of arrival itself fails.
   */
  readonly schedule: readonly string[];
  /** Runs the schedule again: `explore(body, { replay: token })`. */
  readonly token: string;
  /** How many times the body was run until it failed; those runs that made the schedule smaller are not counted. */
  readonly schedules: number;
  /**
   * The run under this schedule as a timeline, oldest first: its last 1000 entries. The message shows the last 40, so that printing the
   * error does not list them again.
   */
  declare readonly trace: readonly TraceEntry[];

  /** Made by `explore`. */
  constructor(cause: unknown, failing: FailingSchedule, message: string = messageOf(cause, failing)) {
    super(message, { cause });
    const { schedule, token, schedules, trace } = failing;
    this.name = "ScheduleFailure";
    this.schedule = schedule;
    this.token = token;
    this.schedules = schedules;
    Object.defineProperty(this, "trace", { value: trace.entries, configurable: true });
  }
}

function messageOf(cause: unknown, { schedule, token, schedules, trace, test }: FailingSchedule): string {
  return `${toldFailure(cause, schedule, formatTrace(trace))}\n\n` +
    (test === undefined
      ? `Found by schedule ${schedules}; it runs again with explore(body, { replay: "${token}" })`
      : `Found by schedule ${schedules} of the test ${
        JSON.stringify(test)
      }; it alone runs again with this before the ` +
        `command of the test:\n\n  MILLRACE_REPLAY=${token}`);
}

/** What has failed, when it does, and how. */
export function toldFailure(cause: unknown, schedule: readonly string[], run: readonly string[]): string {
  const what = cause instanceof Error ? `${cause.name}: ${cause.message}` : show(cause);
  return `${what}\n\nIt fails when\n${indented(schedule)}\n\nThe run\n${indented(run)}`;
}

function indented(lines: readonly string[]): string {
  return lines.map((line) => `  ${line}`).join("\n");
}

/** A token was used on a body whose events are not those it was made with. */
export class DivergedError extends Error {
  /** Made by `explore`. */
  constructor(why: string, cause?: unknown) {
    super(`The run diverged from the token: ${why}. The token is of another body, or of another version of this one`, {
      cause,
    });
    this.name = "DivergedError";
  }
}
