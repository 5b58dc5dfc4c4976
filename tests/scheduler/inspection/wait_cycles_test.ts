import { test } from "node:test";
import { assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { formatTasks, group, Mutex, sleep, tasks } from "../../../mod.ts";
import { cyclesOf } from "../../../scheduler/inspection/wait_cycles.ts";
import { simulate } from "../../../testing.ts";
import { testWith } from "../../support/needs.ts";

test("a circle is found exactly where a walk from task to task comes back, and each step of it is a wait", () => {
  const edges = fc.array(fc.array(fc.nat(9), { maxLength: 3 }), { minLength: 1, maxLength: 10 });
  fc.assert(fc.property(edges, (blocked) => {
    const graph = blocked.map((by, name) => ({ name: `${name}`, blockedBy: by.map(String) }));
    const cycles = cyclesOf(graph);
    for (const cycle of cycles) {
      cycle.forEach((name, index) => {
        const next = cycle[(index + 1) % cycle.length]!;
        assertEquals(graph[Number(name)]!.blockedBy.includes(next), true);
      });
    }
    // Who is blocked by nobody that is left can go; what stays when nobody can is a circle.
    let left = graph;
    for (let before = -1; before !== left.length;) {
      before = left.length;
      left = left.filter(({ blockedBy }) => blockedBy.some((name) => left.some((other) => other.name === name)));
    }
    assertEquals(cycles.length > 0, left.length > 0);
  }));
});

test("a chain of 100,000 tasks is looked through", () => {
  const chain = Array.from({ length: 100_000 }, (_, n) => ({ name: `${n}`, blockedBy: [`${(n + 1) % 100_000}`] }));
  assertEquals(cyclesOf(chain).map(({ length }) => length), [100_000]);
  assertEquals(cyclesOf(chain.slice(1)), []);
});

testWith("async context", "formatTasks marks tasks that wait for one another's locks", async () => {
  await simulate(async () => {
    const [one, two] = [new Mutex(), new Mutex()];
    await group(async (g) => {
      const both = (first: Mutex, second: Mutex) => async (): Promise<void> => {
        using _first = await first.acquire();
        await sleep(1);
        using _second = await second.acquire();
      };
      g.spawn(both(one, two), { name: "left" });
      g.spawn(both(two, one), { name: "right" });
      await sleep(10);
      const lines = formatTasks().split("\n").map((line) => line.replace(/#\d+/g, ""));
      assertStringIncludes(lines[1]!, "in a circle: left -> right");
      assertStringIncludes(lines[2]!, "in a circle: left -> right");
      g.cancel();
    });
  });
});

testWith(
  "async context",
  "10,000 nested groups are described and printed, with no line longer than people read",
  async () => {
    async function nest(depth: number, leaf: () => void): Promise<void> {
      await null;
      if (depth === 0) leaf();
      else await group((g) => void g.spawn(() => nest(depth - 1, leaf)));
    }
    let text = "";
    let depth = 0;
    await nest(10_000, () => {
      text = formatTasks();
      for (let infos = tasks(); infos.length > 0; infos = infos[0]!.children) depth++;
    });
    const lines = text.split("\n");
    assertEquals([lines.length, depth], [20_000, 20_000]);
    assertEquals(lines.every(({ length }) => length < 300), true);
    assertStringIncludes(lines[19_999]!, "(depth 19999)");
  },
);
