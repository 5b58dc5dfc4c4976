import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { checkpoint, group, sleep, TaskGroup } from "../../../mod.ts";
import { hideGroup, walkTasks } from "../../../scheduler/inspection/task_walk.ts";
import { groupNode } from "../../../scheduler/tasks/task_group.ts";

const nothing = { group() {}, task() {} };

test("a walk goes through everything once, those around first and of those in one the oldest", async () => {
  await group(async (g) => {
    g.spawn(() => group((inner) => void inner.spawn(() => sleep(60_000), { name: "deep" }), { name: "inner" }), {
      name: "first",
    });
    g.spawn(() => sleep(60_000), { name: "second" });
    await checkpoint();
    const seen: string[] = [];
    for (
      const _ of walkTasks({
        group: ({ name }, around) => void seen.push(`group ${name} in ${around?.name}`),
        task: ({ name }, { name: inside }) => void seen.push(`${name.replace(/#\d+$/, "")} in ${inside}`),
      })
    ) assert(false, "so few are one part");
    assertEquals(seen, [
      "group outer in undefined",
      "first in outer",
      "group inner in outer",
      "deep in inner",
      "second in outer",
    ]);
    g.cancel();
  }, { name: "outer" });
});

test("however many tasks there are, a part of a walk visits at most 32 of them", async () => {
  await group((g) => {
    for (let index = 0; index < 10_000; index++) g.spawn(() => sleep(60_000));
    let visited = 0;
    let most = 0;
    let before = 0;
    const count = (): void => void visited++;
    for (const _ of walkTasks({ group: count, task: count })) {
      most = Math.max(most, visited - before);
      before = visited;
    }
    assertEquals([visited, most], [10_001, 32]);
    g.cancel();
  });
});

test("what ends between two parts of a walk does no harm, and the rest is visited once", async () => {
  await group(async (g) => {
    const tasks = Array.from({ length: 1000 }, () => g.spawn(() => sleep(60_000)));
    await checkpoint();
    const visited: number[] = [];
    let part = 0;
    for (const _ of walkTasks({ ...nothing, task: ({ id }) => void visited.push(id) })) {
      if (part++ > 0) continue;
      // Every second one, of those that were visited and of those that were not.
      const leaving = tasks.filter((_, index) => index % 2 === 0);
      for (const task of leaving) task.cancel();
      await Promise.allSettled(leaving.map(({ result }) => result));
    }
    assertEquals(new Set(visited).size, visited.length);
    const living = tasks.filter((_, index) => index % 2 === 1);
    for (const { id } of living) assert(visited.includes(id));
    g.cancel();
  });
});

test("a group that is hidden is not visited, nor is what is in it", async () => {
  const hidden = new TaskGroup({ name: "hidden" });
  hidden.spawn(() => sleep(60_000));
  hideGroup(groupNode(hidden));
  let visited = 0;
  const count = (): void => void visited++;
  for (const _ of walkTasks({ group: count, task: count }));
  assertEquals(visited, 0);
  hidden.cancel();
  await hidden.join();
});
