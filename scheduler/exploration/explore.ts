/**
 * The same body under many orders of events that a host could bring about.
 *
 * @module
 */

import { checkCount, checkFunction, checkOptions, show } from "../../runtime/basics/check.ts";
import { errorAtCallOf } from "../../runtime/hosts/common/replace_frames.ts";
import type { Simulation } from "../../runtime/simulation/mod.ts";
import { pinnedToken, takePinned, watchPinned } from "./pinned_token.ts";
import { Exploration, type ExploreReport } from "./exploration.ts";
import { TimeoutError } from "../scopes/errors.ts";
import { NondeterminismError } from "./search/choosers.ts";
import { DivergedError, ScheduleFailure } from "./search/schedule_failure.ts";
import { type SearchStrategy, strategies } from "./search/search.ts";
import { isTokenOfSoak, readToken, type RecordedSchedule } from "./search/token.ts";
import { atCall } from "./stage/at_call.ts";
import { checkSettings, onStage, type SimulateOptions, simulateOptions } from "./stage/stage.ts";

/** What an exploration is made with. */
export interface ExploreOptions extends Omit<SimulateOptions, "allowRealIo"> {
  /** How many times the body is run at most. Default: 1000. */
  maxSchedules?: number;
  /** Which schedules are run, and in which order; `"random"` and what follows it there are random only. Default: `"auto"`. */
  strategy?: SearchStrategy;
  /**
   * Runs only the schedule of this token, which a {@linkcode ScheduleFailure} has given. The environment variable `MILLRACE_REPLAY`
   * does so for the body that the token is of, without a change of the test; other bodies are explored as ever. Default: none.
   */
  replay?: string;
  /**
   * Are schedules tried in which a timer fires late, as it does on a busy machine, when those with timers on time have passed? They are
   * at most as many as those, or a tenth of `maxSchedules`. Not by strategies that are random only. Default: true.
   */
  lateTimers?: boolean;
}

/**
 * Runs a body again and again, each time under another order of the events that could come in several orders: completions
 * of `sim.io`, messages, timers that race. Only orders are tried that a host could bring about; the body is simulated as
 * {@linkcode simulate} does.
 *
 * Each run has to begin from the same state: make everything the body needs inside of it.
 *
 * @throws {TypeError} or {RangeError} at the call, for arguments of a wrong kind or range.
 * @throws {ScheduleFailure} (rejection) when the body fails, deadlocks, leaks or does not end under some order: with the smallest
 * such order in words, and a token to run it again.
 * @throws {DivergedError} (rejection) for a token of another body.
 * @throws (rejection) the reason of the `signal`; a `TimeoutError` after `maxTime`.
 *
 * @example
 * ```ts
 * import { explore, ScheduleFailure } from "@millrace/millrace/testing";
 *
 * try {
 *   await explore(async (sim) => {
 *     let shown = "";
 *     const search = async (text: string) => {
 *       await sim.io(`response to ${text}`);
 *       shown = text;
 *     };
 *     await Promise.all([search("a"), search("ab")]);
 *     if (shown !== "ab") throw new Error(`shows ${shown}`);
 *   });
 * } catch (error) {
 *   if (error instanceof ScheduleFailure) console.log(error.schedule.join("\n"));
 *   // -> "response to a" is held back until "response to ab" has come
 * }
 * ```
 */
export function explore(
  body: (sim: Simulation) => unknown,
  options: ExploreOptions = {},
): Promise<ExploreReport> {
  return exploreFrom({ call: errorAtCallOf(explore) }, body, options);
}

/** Who has asked for an exploration: where, and under which name a test runner knows it. */
export interface Origin {
  readonly call: Error;
  readonly test?: string;
}

/** Refuses options of an exploration that are of a wrong kind or range. */
export function checkExploreOptions(options: ExploreOptions, what: string): void {
  checkOptions(options, what, [...simulateOptions, "maxSchedules", "strategy", "replay", "lateTimers"]);
  const { maxSchedules = 1000, strategy = "auto", replay, lateTimers = true } = options;
  if (typeof lateTimers !== "boolean") throw new TypeError(`lateTimers is a boolean: received ${show(lateTimers)}`);
  checkCount(maxSchedules, "maxSchedules", 1);
  if (!strategies.includes(strategy)) {
    throw new TypeError(
      `A strategy is one of ${strategies.map((each) => `"${each}"`).join(", ")}: received ${show(strategy)}`,
    );
  }
  if (replay !== undefined) readToken(replay);
  checkSettings(options);
}

/** Explores for somebody. */
export function exploreFrom(
  origin: Origin,
  body: (sim: Simulation) => unknown,
  options: ExploreOptions,
): Promise<ExploreReport> {
  checkFunction(body, "The body of an exploration");
  checkExploreOptions(options, "explore");
  const { replay } = options;
  const pinned = pinnedToken();
  if (replay === undefined && pinned !== undefined) {
    const recorded = isTokenOfSoak(pinned) ? undefined : readToken(pinned);
    watchPinned(pinned);
    if (recorded === undefined) return begin(origin, body, options, undefined);
    return begin(origin, body, options, recorded).then((report) => (takePinned(pinned), report), (error) => {
      if (error instanceof DivergedError) return begin(origin, body, options, undefined);
      // What ended it early says nothing of the token.
      if (error instanceof ScheduleFailure) takePinned(pinned);
      throw error;
    });
  }
  return begin(origin, body, options, replay === undefined ? undefined : readToken(replay));
}

function begin(
  { call, test }: Origin,
  body: (sim: Simulation) => unknown,
  options: ExploreOptions,
  recorded: RecordedSchedule | undefined,
): Promise<ExploreReport> {
  const { maxSchedules = 1000, strategy = "auto", lateTimers = true, maxSteps = 100_000 } = options;
  const { profile = "node", seed = 0 } = recorded ?? options;
  const settings = { ...checkSettings({ ...options, profile, seed }), holdsConsole: true };
  return onStage(settings, async (stage) => {
    const exploration = new Exploration(stage, body, { profile, seed, ownSeed: options.seed ?? 0, maxSteps, test });
    if (recorded !== undefined) return await exploration.replay(recorded);
    return await exploration.search({ strategy, maxSchedules, seed, lateTimers });
  }).catch((error) => {
    throw error !== options.signal?.reason && ofExplorations.some((made) => error instanceof made)
      ? atCall(error as Error, call)
      : error;
  });
}

/** Errors that are made by explorations alone; what a body throws is the cause of one of them. */
const ofExplorations = [ScheduleFailure, DivergedError, NondeterminismError, TimeoutError];
