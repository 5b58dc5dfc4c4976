/**
 * Cancelling a body at every point at which it can be cancelled.
 *
 * @module
 */

import { Run, type RunOutcome, type Simulation } from "../../runtime/simulation/run.ts";
import type { Session } from "../../runtime/simulation/session.ts";
import { checkCount, checkFunction, checkOptions, show } from "../check.ts";
import { group, type TaskGroup } from "../task_group.ts";
import { atCall } from "./at_call.ts";
import { checkSettings, chooseBy, onStage, type SimulateOptions, type Stage } from "./simulate.ts";

/** How a body is cancelled everywhere. */
export interface CancelEverywhereOptions extends Omit<SimulateOptions, "allowRealIo"> {
  /** Is called after each cancelled run, when the body has ended, in the same simulation: what it throws is a failure. */
  after?: (sim: Simulation) => unknown;
}

/** What the cancellations came to. */
export interface CancelReport {
  /** At how many points the body was cancelled: after each of its macrotasks. */
  readonly points: number;
}

/** A body did not end well when it was cancelled. `cause` is what it failed with. */
export class CancellationFailure extends Error {
  /** After how many macrotasks the body was cancelled. */
  readonly point: number;
  /** What the last macrotask before that was. */
  readonly turn: string;

  /** Made by `cancelEverywhere`. */
  constructor(cause: unknown, point: number, turn: string) {
    const what = cause instanceof Error ? `${cause.name}: ${cause.message}` : show(cause);
    super(`Cancelled after ${point} macrotasks, the last of them ${turn}, the body failed: ${what}`, { cause });
    this.name = "CancellationFailure";
    this.point = point;
    this.turn = turn;
  }
}

/**
 * Runs a body in a group on a simulated loop, once to its end, and then again for each of its macrotasks, cancelling the group
 * after that one: every wait of the body, and every moment between a result and its taking, is cancelled once. Each time the body
 * has to end, with its cancellation or without, and to leave nothing behind: no task, no timer, no deadlock. Its own `finally`
 * blocks and `after` can look at more. With a `seed` the events come in another order than that of arrival, the same in each run
 * up to the cancellation.
 *
 * @throws {TypeError} or {RangeError} at the call, for arguments of a wrong kind or range.
 * @throws {CancellationFailure} (rejection) for the first point at which the body did not end well.
 * @throws (rejection) what the body fails with when it is not cancelled at all.
 *
 * @example
 * ```ts
 * import { Semaphore, sleep } from "@millrace/millrace";
 * import { cancelEverywhere } from "@millrace/millrace/testing";
 *
 * let permits: Semaphore;
 * const { points } = await cancelEverywhere(async () => {
 *   permits = new Semaphore(1);
 *   await permits.run(() => sleep(10));
 * }, {
 *   after() {
 *     if (permits.tryAcquire() === undefined) throw new Error("the permit is lost");
 *   },
 * });
 * console.log(points > 1);
 * // -> true
 * ```
 */
export function cancelEverywhere(
  body: (sim: Simulation, group: TaskGroup) => unknown,
  options: CancelEverywhereOptions = {},
): Promise<CancelReport> {
  checkFunction(body, "The body to cancel");
  checkOptions(options);
  const { after, maxSteps = 100_000 } = options;
  if (after !== undefined) checkFunction(after, "after");
  checkCount(maxSteps, "maxSteps", 1);
  const settings = checkSettings(options);
  const call = new Error();
  return onStage(settings, (stage, resolve: (report: CancelReport) => void, reject) => {
    let point = -1;
    let end = 0;
    const sweep: Sweep = { body, after, seed: options.seed, maxSteps };
    let attempt = new CancelledRun(stage, sweep, Infinity);
    return () => {
      if (attempt.turn()) return true;
      const { outcome, steps, last } = attempt;
      if (!outcome.ok) {
        reject(point < 0 ? outcome.error : atCall(new CancellationFailure(outcome.error, point, last), call));
        return false;
      }
      if (point < 0) end = steps;
      if (++point >= end) {
        resolve({ points: end });
        return false;
      }
      attempt = new CancelledRun(stage, sweep, point);
      return true;
    };
  });
}

interface Sweep {
  readonly body: (sim: Simulation, group: TaskGroup) => unknown;
  readonly after: CancelEverywhereOptions["after"];
  readonly seed: number | undefined;
  readonly maxSteps: number;
}

/** A run of the body that is cancelled after so many macrotasks. */
class CancelledRun {
  /** How many macrotasks the body took; without what `after` did. */
  steps = 0;
  /** The macrotask after which the body was cancelled. */
  last = "the body";
  readonly #session: Session;
  readonly #run: Run<unknown>;
  readonly #point: number;
  #cancel: (() => void) | undefined;

  constructor(stage: Stage, sweep: Sweep, point: number) {
    const { session, hooks } = stage;
    this.#session = session;
    this.#point = point;
    const run = async (sim: Simulation): Promise<void> => {
      await group((within) => {
        this.#cancel = () => within.cancel("cancelled by cancelEverywhere");
        return sweep.body(sim, within);
      });
      this.#cancel = undefined;
      this.steps = session.loop.steps;
      await sweep.after?.(sim);
    };
    const { seed } = sweep;
    const settings = { choose: chooseBy(seed), seed: seed ?? 0, keepPlaces: true };
    this.#run = new Run(session, run, settings, sweep.maxSteps, hooks);
  }

  get outcome(): RunOutcome<unknown> {
    return this.#run.outcome!;
  }

  /** Runs one macrotask; answers false when the run is over. */
  turn(): boolean {
    if (this.#cancel !== undefined && this.#session.loop.steps >= this.#point) {
      this.last = this.#session.loop.lastLabel;
      this.#cancel();
      this.#cancel = undefined;
    }
    return this.#run.turn();
  }
}
