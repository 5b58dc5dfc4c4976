/**
 * How a soak is to be.
 *
 * @module
 */

import {
  checkBoolean,
  checkCount,
  checkDuration,
  checkFunction,
  checkOptions,
  show,
} from "../../../runtime/basics/check.ts";
import { currentHost } from "../../../runtime/current_host.ts";
import { checkSettings, type SimulateOptions } from "../stage/stage.ts";
import type { SoakSettings } from "./run_block.ts";
import { SeedList, type Seeds } from "./seeds.ts";
import type { SoakSource } from "./soak_body.ts";
import type { SoakReport } from "./soak_report.ts";
import { readSoakToken } from "./soak_token.ts";

/** How a soak is to be. */
export interface SoakOptions extends Pick<SimulateOptions, "profile" | "startTime" | "maxSteps" | "signal" | "leaks"> {
  /**
   * Which seeds are run: so many from 0, those of a list, or so many `from` another one. They are run in ascending order. Default: 1000,
   * or as many as there is time for where `duration` is given.
   */
  seeds?: Seeds;
  /** After how many ms of real time no further seed is begun. Default: no limit. */
  duration?: number;
  /**
   * How many threads run seeds. Default: as many as the machine runs at once for the URL of a module; 1, which is this one, for a
   * function.
   */
  size?: number;
  /**
   * Is each seed run twice, to see whether both runs are the same? That finds bodies that depend on something outside of the
   * simulation. Default: every 64th seed is.
   */
  check?: boolean;
  /** Does it end at the first failing seed? Otherwise all seeds are run, and the report has the failures. Default: true. */
  stopAtFailure?: boolean;
  /** Runs only the run of this token, which a {@linkcode SoakFailure} has given. Default: none. */
  replay?: string;
  /** Is told of what is known so far, at most twice a second. */
  onProgress?: (report: SoakReport) => void;
}

/** A soak as it is to be run. */
export interface SoakPlan {
  readonly settings: SoakSettings;
  readonly seeds: SeedList;
  readonly duration: number;
  readonly size: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((report: SoakReport) => void) | undefined;
}

/** Every so many seeds one is run twice, where nothing else is said. */
const defaultCheckEvery = 64;

const optionsOfSoak = [
  ...["seeds", "duration", "size", "check", "stopAtFailure", "replay", "onProgress"],
  ...["profile", "startTime", "maxSteps", "signal", "leaks"],
];

/** Refuses options of a wrong kind or range, and fills in the others. */
export function checkSoakOptions(options: SoakOptions, { body }: SoakSource): SoakPlan {
  checkOptions(options, "soak", optionsOfSoak);
  const { duration = Infinity, size, check, stopAtFailure = true, replay, onProgress } = options;
  const { profile = "node", startTime = 0, maxSteps = 1_000_000, leaks = "fail", signal } = options;
  checkDuration(duration, "The duration of a soak");
  checkBoolean(check, "check");
  checkBoolean(stopAtFailure, "stopAtFailure");
  if (onProgress !== undefined) checkFunction(onProgress, "onProgress");
  if (size !== undefined) checkCount(size, "The size of a soak", 1);
  if (size === Infinity) throw new RangeError("The size of a soak has to be finite: received Infinity");
  if (body !== undefined && size !== undefined && size > 1) {
    throw new TypeError(
      `A function runs in this thread alone: for ${show(size)} threads give soak the URL of a module that exports it`,
    );
  }
  checkCount(maxSteps, "maxSteps", 1);
  if (maxSteps === Infinity) {
    throw new RangeError("maxSteps has to be finite: a seed that never ends would end the soak");
  }
  checkSettings({ profile, startTime, maxSteps, leaks, ...signal !== undefined && { signal } });
  const seeds = new SeedList(options.seeds, duration !== Infinity);
  if (seeds.count === Infinity && duration === Infinity) {
    throw new RangeError("A soak has to end: give it a number of seeds, or a duration");
  }
  if (replay !== undefined) readSoakToken(replay);
  const checkEvery = check === undefined ? defaultCheckEvery : check ? 1 : 0;
  return {
    settings: { profile, startTime, maxSteps, leaks, checkEvery, stopAtFailure },
    seeds,
    duration,
    size: size ?? (body === undefined ? currentHost().parallelism() : 1),
    signal,
    onProgress,
  };
}
