/**
 * Cancelling a body at every point at which it can be cancelled.
 *
 * @module
 */

import { checkCount, checkFunction, checkOptions, show } from "../../runtime/basics/check.ts";
import type { Simulation } from "../../runtime/simulation/mod.ts";
import { Cancelled, TaskCancelledError } from "../scopes/errors.ts";
import { group, type TaskGroup } from "../tasks/task_group.ts";
import { CheckpointWatch } from "./checkpoints.ts";
import type { FoundWait } from "./found_waits.ts";
import { atCall } from "./stage/at_call.ts";
import {
  checkSettings,
  chooseBy,
  onStage,
  type SimulateOptions,
  simulateOptions,
  type Stage,
  type StageRun,
  valueOf,
} from "./stage/stage.ts";

/** How a body is cancelled everywhere. */
export interface CancelEverywhereOptions extends Omit<SimulateOptions, "allowRealIo"> {
  /** Is called after each cancelled run, when the body has ended, in the same simulation: what it throws is a failure. */
  after?: (sim: Simulation) => unknown;
  /**
   * Cancels each task of the body alone, too, at each of its checkpoints: the others have to go on, or to end, without it. The body may
   * then reject with that cancellation. Default: false.
   */
  tasks?: boolean;
}

/** What the cancellations came to. */
export interface CancelReport {
  /** At how many points the body was cancelled: after each of its macrotasks. */
  readonly points: number;
  /** At how many checkpoints a task was cancelled alone; 0 without `tasks`. */
  readonly checkpoints: number;
}

/** A body did not end well when it was cancelled. `cause` is what it failed with. */
export class CancellationFailure extends Error {
  /** After how many macrotasks the body was cancelled. */
  readonly point: number;
  /** What the last macrotask before that was. */
  readonly turn: string;

  /** Made by `cancelEverywhere`. */
  constructor(cause: unknown, point: number, turn: string, wait?: Pick<FoundWait, "task" | "waitingFor">) {
    const what = cause instanceof Error ? `${cause.name}: ${cause.message}` : show(cause);
    const who = wait === undefined
      ? "Cancelled"
      : `With its task ${wait.task} cancelled while it waited for ${wait.waitingFor},`;
    super(`${who} after ${point} macrotasks, the last of them ${turn}, the body failed: ${what}`, { cause });
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
 * up to the cancellation. With `tasks` each of its tasks is cancelled alone at each of its waits as well.
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
  checkOptions(options, "cancelEverywhere", [...simulateOptions, "after", "tasks"]);
  const { after, maxSteps = 100_000, tasks = false } = options;
  if (after !== undefined) checkFunction(after, "after");
  checkCount(maxSteps, "maxSteps", 1);
  const settings = checkSettings(options);
  const call = new Error();
  return onStage(settings, async (stage) => {
    const sweep: Sweep = { body, after, seed: options.seed, maxSteps };
    const uncancelled = new CancelledRun(stage, sweep, {});
    valueOf(await uncancelled.toEnd());
    let points = 0;
    let checkpoints = 0;
    while (points < uncancelled.steps) await attempt({ point: points++ });
    while (tasks && checkpoints < uncancelled.checkpoints) await attempt({ checkpoint: checkpoints++ });
    return { points, checkpoints };

    async function attempt(target: Target): Promise<void> {
      const run = new CancelledRun(stage, sweep, target);
      const { outcome } = await run.toEnd();
      if (!outcome.ok) throw atCall(run.failure(outcome.error), call);
    }
  });
}

/** What is cancelled: the body after so many macrotasks, or a task at the checkpoint of that number; without either nothing. */
interface Target {
  readonly point?: number;
  readonly checkpoint?: number;
}

interface Sweep {
  readonly body: (sim: Simulation, group: TaskGroup) => unknown;
  readonly after: CancelEverywhereOptions["after"];
  readonly seed: number | undefined;
  readonly maxSteps: number;
}

/** A run of the body in which something is cancelled. */
class CancelledRun {
  /** How many macrotasks the body took, and how many checkpoints of tasks it had; without what `after` did. */
  steps = 0;
  checkpoints = 0;
  readonly #stage: Stage;
  readonly #sweep: Sweep;
  readonly #target: Target;
  readonly #watch: CheckpointWatch = new CheckpointWatch();
  /** When it was cancelled, and whose wait that has ended, if it was not the body. */
  #cancelledAt = 0;
  #turn = "the body";
  #wait: FoundWait | undefined;
  #cancel: (() => void) | undefined;

  constructor(stage: Stage, sweep: Sweep, target: Target) {
    this.#stage = stage;
    this.#sweep = sweep;
    this.#target = target;
  }

  toEnd(): Promise<StageRun<void>> {
    const { body, after, seed, maxSteps } = this.#sweep;
    const run = async (sim: Simulation): Promise<void> => {
      try {
        await group((within) => {
          this.#cancel = () => within.cancel("cancelled by cancelEverywhere");
          return body(sim, within);
        });
      } catch (error) {
        if (this.#target.checkpoint === undefined || !isCancellation(error)) throw error;
      }
      this.#cancel = undefined;
      this.steps = this.#stage.session.loop.steps;
      await after?.(sim);
    };
    const look = () => {
      if (this.#cancel !== undefined) this.#look(this.#cancel);
    };
    return this.#stage.run(run, { choose: chooseBy(seed), seed: seed ?? 0, keepPlaces: true, maxSteps, look });
  }

  failure(cause: unknown): CancellationFailure {
    return new CancellationFailure(cause, this.#cancelledAt, this.#turn, this.#wait);
  }

  #look(cancel: () => void): void {
    const { point, checkpoint } = this.#target;
    if (point !== undefined) {
      if (this.#stage.session.loop.steps < point) return;
      cancel();
    } else {
      const first = this.checkpoints;
      const found = this.#watch.look().filter(({ scope }) => scope.owner?.handle !== undefined);
      this.checkpoints += found.length;
      if (checkpoint === undefined || checkpoint >= this.checkpoints) return;
      this.#wait = found[checkpoint - first]!;
      this.#wait.scope.owner!.handle!.cancel("cancelled by cancelEverywhere");
    }
    this.#cancel = undefined;
    this.#cancelledAt = this.#stage.session.loop.steps;
    this.#turn = this.#stage.session.loop.lastLabel;
  }
}

/** Is it the cancellation of a task, on its way through those that wait for it? */
function isCancellation(error: unknown): boolean {
  return error instanceof Cancelled || error instanceof TaskCancelledError;
}
