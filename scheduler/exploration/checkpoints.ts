/**
 * The checkpoints of a body: the waits at which it can be cancelled.
 *
 * @module
 */

import { checkCount, checkFunction, checkOptions } from "../../runtime/basics/check.ts";
import type { Simulation } from "../../runtime/simulation/mod.ts";
import type { Entry } from "../queue/entry.ts";
import { group, type TaskGroup } from "../tasks/task_group.ts";
import { type FoundWait, waits } from "./found_waits.ts";
import { checkSettings, chooseBy, onStage, type SimulateOptions, simulateOptions, valueOf } from "./stage/stage.ts";

/** A wait at which a flow of control can be cancelled. */
export interface Checkpoint {
  /** Whose wait it is: the path of the task; that of the body itself is called "body". */
  readonly task: string;
  /** What is waited for. */
  readonly waitingFor: string;
  /** After how many macrotasks the wait was there: cancelled at this point, `cancelEverywhere` ends it. */
  readonly point: number;
  /** What the last macrotask before that was. */
  readonly turn: string;
}

/**
 * Runs a body in a group on a simulated loop, once, and lists the checkpoints it stops at, in order. Only waits of Millrace are
 * checkpoints: a body that awaits promises of others alone has none, and is deaf to its cancellation.
 *
 * @throws {TypeError} or {RangeError} at the call, for arguments of a wrong kind or range.
 * @throws (rejection) what the body fails with.
 *
 * @example
 * ```ts
 * import { Latch, sleep } from "@millrace/millrace";
 * import { checkpointsOf } from "@millrace/millrace/testing";
 *
 * const checkpoints = await checkpointsOf(async (_, group) => {
 *   const ready = new Latch();
 *   group.spawn(() => ready.wait(), { name: "reader" });
 *   await sleep(10);
 *   ready.open();
 * });
 * for (const { task, waitingFor } of checkpoints) console.log(`${task} waits for ${waitingFor}`);
 * // -> body waits for sleep
 * // -> reader waits for a latch
 * ```
 */
export function checkpointsOf(
  body: (sim: Simulation, group: TaskGroup) => unknown,
  options: Omit<SimulateOptions, "allowRealIo"> = {},
): Promise<readonly Checkpoint[]> {
  checkFunction(body, "The body to look at");
  checkOptions(options, "checkpointsOf", simulateOptions);
  const { seed, maxSteps = 100_000 } = options;
  checkCount(maxSteps, "maxSteps", 1);
  return onStage(checkSettings(options), async (stage) => {
    const found: Checkpoint[] = [];
    const watch = new CheckpointWatch();
    let hasBegun = false;
    // In a task: turns that a body outside any task waits for are known to nobody.
    const inTask = (sim: Simulation) => {
      hasBegun = true;
      return group((within) => void within.spawn(() => body(sim, within), { name: "body" }));
    };
    function look(): void {
      if (!hasBegun) return;
      const { steps: point, lastLabel: turn } = stage.session.loop;
      for (const { task, waitingFor } of watch.look()) found.push({ task, waitingFor, point, turn });
    }
    valueOf(await stage.run(inTask, { choose: chooseBy(seed), seed: seed ?? 0, keepPlaces: true, maxSteps, look }));
    return found;
  });
}

/** Finds waits when they are there for the first time. To be asked between macrotasks, when their microtasks have run. */
export class CheckpointWatch {
  readonly #seen: Set<Entry> = new Set();

  /** The waits that were not there at the look before, oldest first. */
  look(): FoundWait[] {
    const found = waits().filter(({ wait }) => !this.#seen.has(wait)).reverse();
    for (const { wait } of found) this.#seen.add(wait);
    // Without the group that is ours.
    return found.map((each) => ({ ...each, task: each.task.replace(/^group > /, "") }));
  }
}
