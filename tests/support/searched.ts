/** A body under many schedules, and cancelled everywhere under some of them. */

import { assert } from "@std/assert";
import { cancelEverywhere, explore, type Simulation } from "../../testing.ts";

/** A body with what holds after it, whichever way it ended. */
export interface Searched {
  body(sim: Simulation): Promise<unknown>;
  after?(sim: Simulation): unknown;
  /** Can each of its tasks do without the others? Then each is cancelled alone, too. */
  readonly tasks?: boolean;
}

/** Runs a body under many schedules, and cancels it and its tasks everywhere in the order of arrival and in others; with a check after each. */
export async function searched(make: () => Searched, maxSchedules = 200): Promise<void> {
  await explore(async (sim) => {
    const { body, after } = make();
    await body(sim);
    await after?.(sim);
  }, { maxSchedules });
  for (const seed of [undefined, 1, 2, 3]) {
    let made = make();
    const after = (sim: Simulation) => made.after?.(sim);
    const { tasks = false } = make();
    const options = { after, tasks, ...(seed === undefined ? {} : { seed }) };
    const { points } = await cancelEverywhere((sim) => (made = make()).body(sim), options);
    assert(points > 2, `only ${points} points`);
  }
}
