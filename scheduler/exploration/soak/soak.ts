/**
 * Thousands of seeds of a whole system.
 *
 * @module
 */

import { errorAtCallOf } from "../../../runtime/hosts/common/replace_frames.ts";
import { now as realNow } from "../../../runtime/hosts/common/timers.ts";
import { pinnedToken, takePinned, watchPinned } from "../pinned_token.ts";
import { NondeterminismError } from "../search/choosers.ts";
import { DivergedError } from "../search/schedule_failure.ts";
import { isTokenOfSchedule } from "../search/token.ts";
import { atCall } from "../stage/at_call.ts";
import { runAllBlocks, type RunBlock } from "./all_blocks.ts";
import { onThreads } from "./block_threads.ts";
import { explain, type Explained, replay } from "./explain.ts";
import type { SoakProgress } from "./report_figures.ts";
import { runBlock } from "./run_block.ts";
import type { SoakBody } from "./seed_run.ts";
import { loadBody, type SoakSource, type SoakTarget, sourceOf } from "./soak_body.ts";
import { SoakFailure } from "./soak_failure.ts";
import { checkSoakOptions, type SoakOptions, type SoakPlan } from "./soak_options.ts";
import { SoakReport } from "./soak_report.ts";
import { readSoakToken, type SoakToken } from "./soak_token.ts";
import { addFailure, addRun, emptyTally, type Tally } from "./tally.ts";

/** How often progress is told, in ms. */
const progressEvery = 500;

/** How many points of progress are kept. */
const mostPoints = 240;

/**
 * Runs a body with thousands of seeds, each of which decides what goes wrong and when: faults of machines, disks and the network, those of
 * `sim.fault`, and which of the events that are ready are held back. The body is simulated as {@linkcode simulate} does, from the same
 * state each time: make everything that it needs inside of it.
 *
 * It ends with a report, or at the lowest failing seed, of whose faults all are then left out that it fails without. Give it the URL of a
 * module whose default export is the body, and as many threads run seeds as the machine has; the failing seed that is found does not
 * depend on how many there are.
 *
 * @throws {TypeError} or {RangeError} at the call, for arguments of a wrong kind or range.
 * @throws {SoakFailure} (rejection) when the body fails, deadlocks, leaks or does not end with some seed.
 * @throws {NondeterminismError} (rejection) when two runs of a seed are not the same.
 * @throws {DivergedError} (rejection) for a token of another body.
 * @throws (rejection) the reason of the `signal`; after it no seed goes on, but a failure that was found already is told.
 *
 * @example
 * ```ts
 * import { soak, SoakFailure } from "@millrace/millrace/testing";
 *
 * try {
 *   await soak(async (sim) => {
 *     let acknowledged = 0;
 *     let stored = 0;
 *     for (let number = 0; number < 3; number++) {
 *       await sim.io("write");
 *       if (!sim.fault("power loss")) stored++;
 *       acknowledged++;
 *     }
 *     if (stored < acknowledged) throw new Error("an acknowledged write is lost");
 *   });
 * } catch (error) {
 *   if (error instanceof SoakFailure) console.log(error.faults);
 *   // -> 1
 * }
 * ```
 */
export function soak(body: SoakTarget, options: SoakOptions = {}): Promise<SoakReport> {
  const source = sourceOf(body);
  const plan = checkSoakOptions(options, source);
  const call = errorAtCallOf(soak);
  return new Soak(source, plan).begin(options.replay).catch((error) => {
    throw ofSoaks.some((made) => error instanceof made) ? atCall(error as Error, call) : error;
  });
}

const ofSoaks = [SoakFailure, DivergedError, NondeterminismError];

/** One soak. */
class Soak {
  readonly #source: SoakSource;
  readonly #plan: SoakPlan;
  #progress: SoakProgress[] = [];
  #start = 0;
  #toldAt = 0;

  constructor(source: SoakSource, plan: SoakPlan) {
    this.#source = source;
    this.#plan = plan;
  }

  async begin(token: string | undefined): Promise<SoakReport> {
    if (token !== undefined) return await this.#replay(readSoakToken(token));
    const pinned = pinnedToken();
    if (pinned === undefined) return await this.#run();
    const recorded = isTokenOfSchedule(pinned) ? undefined : readSoakToken(pinned);
    watchPinned(pinned);
    if (recorded?.name !== this.#source.name) return await this.#run();
    try {
      const report = await this.#replay(recorded);
      takePinned(pinned);
      return report;
    } catch (error) {
      if (error instanceof DivergedError) return await this.#run();
      if (error instanceof SoakFailure) takePinned(pinned);
      throw error;
    }
  }

  async #run(): Promise<SoakReport> {
    this.#start = this.#toldAt = realNow();
    const tally = await this.#runSeeds();
    const elapsed = realNow() - this.#start;
    const failures: SoakFailure[] = [];
    const report = this.#report(tally, elapsed, failures);
    if (tally.failures.length === 0) return report;
    const { settings, signal } = this.#plan;
    const what = { name: this.#source.name, body: await this.#body(), settings, signal };
    for (const found of tally.failures) {
      failures.push(failureOf(await explain(found, what), tally.seeds, report));
      if (settings.stopAtFailure) throw failures[0]!;
    }
    return report;
  }

  async #runSeeds(): Promise<Tally> {
    const { settings, seeds, duration, size, signal } = this.#plan;
    const { stopAtFailure } = settings;
    const onMore = (sum: Tally): void => this.#more(sum);
    const { body, module } = this.#source;
    const all = (run: RunBlock, lanes: number) =>
      runAllBlocks(run, { seeds, lanes, duration, stopAtFailure, signal, onMore });
    if (body === undefined) return await onThreads(module!, settings, size, (run) => all(run, size));
    return await all((block, signal, timeLeft) => runBlock(body, block, settings, { signal, timeLeft }), 1);
  }

  async #replay(token: SoakToken): Promise<SoakReport> {
    const { name } = this.#source;
    if (token.name !== name) throw new DivergedError(`it is of ${token.name}, and this is ${name}`);
    this.#start = realNow();
    const settings = { ...this.#plan.settings, profile: token.profile };
    const what = { name, body: await this.#body(), settings, signal: this.#plan.signal };
    const { run, failure } = await replay(token, what);
    const elapsed = realNow() - this.#start;
    const tally = emptyTally();
    addRun(tally, token.seed, run, elapsed);
    const failures: SoakFailure[] = [];
    if (failure !== undefined) addFailure(tally, failure.failing);
    const report = this.#report(tally, elapsed, failures, 1);
    if (failure === undefined) return report;
    failures.push(failureOf(failure, 1, report));
    throw failures[0]!;
  }

  /** The body in this thread: what a worker has found is run again here. */
  async #body(): Promise<SoakBody> {
    const { body, module } = this.#source;
    return body ?? await loadBody(module!);
  }

  #more(sum: Tally): void {
    const time = realNow() - this.#start;
    this.#progress.push({ time, seeds: sum.seeds });
    if (this.#progress.length > mostPoints) this.#progress = this.#progress.filter((_, index) => index % 2 === 1);
    const { onProgress } = this.#plan;
    if (onProgress === undefined || realNow() - this.#toldAt < progressEvery) return;
    this.#toldAt = realNow();
    onProgress(this.#report(sum, time, []));
  }

  #report(
    tally: Tally,
    elapsed: number,
    failures: readonly SoakFailure[],
    asked: number = this.#plan.seeds.count,
  ): SoakReport {
    const { settings: { profile }, size } = this.#plan;
    return new SoakReport(tally, {
      name: this.#source.name,
      profile,
      threads: size,
      elapsed,
      progress: [...this.#progress],
      failures,
      isComplete: tally.seeds === asked,
    });
  }
}

function failureOf({ cause, failing }: Explained, seeds: number, report: SoakReport): SoakFailure {
  return new SoakFailure(cause, { ...failing, seeds }, report);
}
