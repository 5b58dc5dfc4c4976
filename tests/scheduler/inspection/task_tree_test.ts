import { test } from "node:test";
import { assertEquals, assertMatch } from "@std/assert";
import {
  checkpoint,
  formatTasks,
  group,
  interruptible,
  sleep,
  type TaskInfo,
  tasks,
  withTimeout,
} from "../../../mod.ts";
import { onFakeLoop } from "../../support/fake_loop.ts";
import { latch } from "../../support/latch.ts";
import { testWith } from "../../support/needs.ts";

/** A tree with what does not change from run to run. */
function shape(info: TaskInfo): unknown[] {
  const { name, state, waitingFor, children } = info;
  return [name.replace(/#\d+/, ""), state, waitingFor?.replace(/#\d+/, ""), ...children.map(shape)];
}

testWith(
  "async context",
  "tasks() shows groups and tasks with their state, age, deadline and what they wait for",
  async () => {
    const stuck = latch();
    await onFakeLoop(() =>
      group(async (g) => {
        const reader = g.spawn(() => sleep(1e4), { name: "reader", priority: "background" });
        g.spawn(async () => await reader, { name: "joiner" });
        g.spawn(() => withTimeout(5000, () => interruptible(stuck.promise)).catch(() => {}), { name: "timed" });
        g.spawn(() => group((inner) => void inner.spawn(() => stuck.promise, { name: "deep" }), { name: "inner" }), {
          name: "outer task",
        });
        await sleep(1000);
        const [root, ...rest] = tasks();
        assertEquals(rest, []);
        assertEquals(shape(root!), [
          "program",
          "running",
          undefined,
          ["reader", "running", "sleep"],
          ["joiner", "running", "reader"],
          ["timed", "running", "a promise"],
          ["outer task", "running", undefined, ["inner", "running", undefined, ["deep", "running", undefined]]],
        ]);
        const [first, , timed] = root!.children;
        // The reader is in the background, but the joiner that awaits it is not.
        assertEquals([first!.priority, first!.age, first!.kind, root!.kind], ["user-visible", 1000, "task", "group"]);
        assertEquals([timed!.deadline, first!.deadline], [5000, Infinity]);
        const text = formatTasks();
        assertMatch(text, /^program \(group\), running, 1\.0 s\n├─ reader#\d+, running, 1\.0 s, waiting for sleep\n/);
        assertMatch(text, /│  {2}?|└─ outer task#\d+.*\n {3}└─ inner \(group\).*\n {6}└─ deep#\d+/);
        assertMatch(text, /deadline in 4\.0 s/);
        g.spawn(() => {}, { name: "fresh" });
        assertEquals(shape(tasks()[0]!.children.at(-1)!), ["fresh", "queued", "its first turn"]);
        stuck.open();
      }, { name: "program" })
    );
  },
);

test("a task that waits for a slot says so, and what has ended is listed no longer", async () => {
  await onFakeLoop(async () => {
    await group(async (g) => {
      g.spawn(() => sleep(1), { name: "first" });
      g.spawn(() => sleep(1), { name: "second" });
      await checkpoint();
      assertEquals(tasks()[0]!.children.map((child) => shape(child)), [["first", "running", "sleep"], [
        "second",
        "queued",
        "a slot of its group",
      ]]);
      await sleep(1.5);
      assertEquals(tasks()[0]!.children.length, 1);
    }, { limit: 1 });
    assertEquals([tasks(), formatTasks()], [[], ""]);
  });
});

test("a cancelled group and its tasks are shown as cancelling", async () => {
  const stuck = latch();
  await onFakeLoop(() =>
    group((outer) => {
      outer.spawn(() =>
        group(async (g) => {
          g.spawn(() => stuck.promise, { name: "slow" });
          await checkpoint();
          g.cancel();
          const inner = tasks()[0]!.children[0]!.children[0]!;
          assertEquals([inner.state, inner.children[0]!.state], ["cancelling", "cancelling"]);
          stuck.open();
        })
      );
    })
  );
});
