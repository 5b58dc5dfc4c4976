/**
 * Two tasks that wait for one another.
 *
 * @module
 */

import { Mutex, type TaskGroup } from "../../../mod.ts";
import { latch } from "../../support/latch.ts";

/** Spawns two tasks with these names, each of which holds a lock and wants the other's, until the group is cancelled. */
export function spawnDeadlocked(group: TaskGroup, one: string, other: string): void {
  const [here, there] = [new Mutex(), new Mutex()];
  const both = latch();
  let holding = 0;
  const take = (first: Mutex, second: Mutex) => () =>
    first.run(async () => {
      if (++holding === 2) both.open();
      await both.promise;
      await second.run(() => {});
    });
  group.spawn(take(here, there), { name: one });
  group.spawn(take(there, here), { name: other });
}
