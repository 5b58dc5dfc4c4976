/** Deep trees: nothing that goes over groups, scopes and tasks recurs, so that no depth overflows the stack. */

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { CancelScope, formatTasks, group, sleep, type Task, tasks, whenIdle, withTimeout } from "../../../mod.ts";
import { testWith } from "../../support/needs.ts";

/** Some three times the depth at which the stacks of the hosts are full. */
const depth = 30_000;

/** A task in a group in a task in a group ... */
function nested(left: number, innermost: () => Promise<unknown>): Promise<unknown> {
  return group((g) => void g.spawn(() => left === 0 ? innermost() : nested(left - 1, innermost)));
}

test(`${depth} groups inside one another end`, async () => {
  let reached = false;
  await nested(depth, async () => {
    await sleep(1);
    reached = true;
  });
  assertEquals(reached, true);
});

test(`${depth} groups inside one another are listed, printed and cancelled`, async () => {
  const scope = new CancelScope();
  await scope.run(() =>
    nested(depth, async () => {
      assertEquals(tasks().length, 1);
      assert(formatTasks().includes("running"));
      scope.cancel();
      await sleep(1e6);
    })
  );
  assertEquals(scope.cancelCaught, true);
});

testWith("async context", `${depth} scopes inside one another are cancelled by the outermost, and end`, async () => {
  async function open(left: number): Promise<unknown> {
    await Promise.resolve(); // Calls that are made in one another would be the test's own recursion.
    if (left > 0) {
      return left % 2 === 0 ? new CancelScope().run(() => open(left - 1)) : withTimeout(1e6, () => open(left - 1));
    }
    scope.cancel();
    await sleep(1e6);
  }
  const scope = new CancelScope();
  await scope.run(() => open(depth));
  assertEquals(scope.cancelCaught, true);
});

testWith(
  "async context",
  `a chain of ${depth} tasks that await each other is raised, ends, and is cancelled`,
  async () => {
    for (const ends of [true, false]) {
      await group(async (g) => {
        const first: Task<unknown> = g.spawn(() => sleep(ends ? 50 : 1e6), { priority: "background" });
        let last = first;
        for (let at = 0; at < depth; at++) {
          const before = last;
          last = g.spawn(async () => await before, { priority: "background" });
        }
        const end = last;
        const urgent = g.spawn(async () => await end, { priority: "user-blocking" });
        if (ends) return await urgent;
        await whenIdle();
        assertEquals(first.priority, "user-blocking");
        g.cancel();
      });
    }
  },
);
