/** Tasks where promises are wanted. */

import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import { Cancelled, group, sleep, type Task, TaskCancelledError } from "../../../mod.ts";
import { explore, simulate } from "../../../testing.ts";
import { errorOf } from "../../support/errors.ts";
import { testWith } from "../../support/needs.ts";

testWith("async context", "a task can be given wherever a promise is taken", async () => {
  await simulate(() =>
    group(async (g) => {
      const task: Promise<number> = g.spawn(() => sleep(5).then(() => 1));
      assertEquals(await Promise.all([task, task]), [1, 1]);
      assertEquals(await Promise.race([task, sleep(1e6)]), 1);
      assertEquals(await Promise.any([Promise.reject(0), task]), 1);
      assertEquals(await Promise.allSettled([task]), [{ status: "fulfilled", value: 1 }]);
      assertEquals(await Promise.resolve(task), 1);
      assertEquals(await (async () => await task)(), 1);
      assertEquals(Object.prototype.toString.call(task), "[object Task]");
    })
  );
});

testWith("async context", "catch and finally of a task are those of a promise", async () => {
  await simulate(async () => {
    const failed = new RangeError("failed");
    const seen: string[] = [];
    const error = await errorOf(group(async (g) => {
      const one = g.spawn(() => sleep(1).then(() => 1));
      assertEquals(await one.catch(() => 2), 1);
      assertEquals(await one.finally(() => void seen.push("one")), 1);
      const lost = g.attempt(() => Promise.reject(failed));
      assertEquals(await lost.catch(() => "no failure"), { status: "rejected", reason: failed });
      const two = g.spawn(() => sleep(1).then(() => Promise.reject(failed)));
      two.finally(() => void seen.push("two")).catch((error) => seen.push((error as Error).name));
      await sleep(1e6);
    }));
    assertStrictEquals(error, failed);
    assertEquals(seen, ["one", "two", "RangeError"]);
  });
});

test("catch of a task sees the cancellation of whoever awaits it, and that of the task by another", async () => {
  const { schedules } = await explore(async (sim) => {
    const seen: unknown[] = [];
    await group(async (g) => {
      const task: Task<void> = g.spawn(() => sleep(1e6));
      const other = g.spawn(() => task.catch((error) => void seen.push(error)));
      g.spawn(() => sim.io("cancel the task").then(() => task.cancel()));
      g.spawn(() => sim.io("cancel who awaits it").then(() => other.cancel()));
      await other.result.catch(() => {});
      task.cancel();
    });
    assert(seen.length <= 1, `${seen}`);
    for (const error of seen) {
      assertEquals(error instanceof Cancelled || error instanceof TaskCancelledError, true);
      assertInstanceOf(error, Error);
    }
  });
  assert(schedules > 1);
});
