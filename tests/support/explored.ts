/** Bodies to explore, and what comes of it. */

import { assertRejects } from "@std/assert";
import { explore, type ExploreOptions, ScheduleFailure, type Simulation } from "../../testing.ts";

/** Actors of some steps each, beside each other; calls back with the order of the steps. */
export function actors(
  steps: readonly number[],
  onOrder: (order: string) => void = () => {},
): (sim: Simulation) => Promise<void> {
  return async (sim) => {
    const order: string[] = [];
    await Promise.all(steps.map(async (count, actor) => {
      for (let step = 0; step < count; step++) {
        await sim.io(`${actor}.${step}`);
        order.push(`${actor}`);
      }
    }));
    onOrder(order.join(""));
  };
}

/** The failure that an exploration finds. */
export function failureOf(
  body: (sim: Simulation) => unknown,
  options?: ExploreOptions,
): Promise<ScheduleFailure> {
  return assertRejects(() => explore(body, options), ScheduleFailure);
}
