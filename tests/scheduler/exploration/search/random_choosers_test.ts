import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { explore, type SearchStrategy, type Simulation } from "../../../../testing.ts";
import { actors } from "../../../support/explored.ts";
import { racePrograms } from "../../../support/race_programs.ts";

/** How often each order comes up. */
async function frequencies(strategy: SearchStrategy, maxSchedules: number): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  const body = actors([2, 2], (order) => counts.set(order, (counts.get(order) ?? 0) + 1));
  await explore(body, { strategy, maxSchedules, seed: 3 });
  return counts;
}

/** In which share of schedules a body does what it marks. */
async function share(body: (sim: Simulation) => unknown, strategy: SearchStrategy, runs = 2000): Promise<number> {
  const { reached } = await explore(body, { strategy, maxSchedules: runs, seed: 9 });
  return (reached["hit"] ?? 0) / runs;
}

/** One operation stays out past some steps of another task. */
const slow = (steps: number) => async (sim: Simulation) => {
  let taken = 0;
  const other = async () => {
    for (let step = 0; step < steps; step++) await sim.io("step").then(() => taken++);
  };
  await Promise.all([sim.io("slow").then(() => sim.sometimes("hit", taken === steps)), other()]);
};

test("uniform lots take each of the ready events alike: the six orders of two times two steps follow that law", async () => {
  const runs = 4000;
  const counts = await frequencies("uniform", runs);
  let chiSquare = 0;
  for (const order of ["0011", "1100", "0101", "0110", "1001", "1010"]) {
    // Each decision halves; when one actor has ended there is none.
    const expected = runs * (order === "0011" || order === "1100" ? 1 / 4 : 1 / 8);
    chiSquare += ((counts.get(order) ?? 0) - expected) ** 2 / expected;
  }
  // 5 degrees of freedom: exceeded by chance in one of a thousand.
  assert(chiSquare < 20.5, `${chiSquare}: ${JSON.stringify([...counts])}`);
});

test("every law reaches every order of a small program", async () => {
  for (const strategy of ["uniform", "priority", "pct", "latency", "random"] as const) {
    assertEquals((await frequencies(strategy, 400)).size, 6, strategy);
  }
});

test("a long delay is found by a priority of each line of causes as often as the theory promises, and hardly by uniform lots", async () => {
  for (const steps of [4, 8, 16]) {
    // Two lines, one change at least: 1/(n k).
    const promised = 1 / (2 * (steps + 1));
    const found = await share(slow(steps), "pct");
    assert(found >= promised, `${steps} steps: ${found} of ${promised}`);
    assert(await share(slow(steps), "uniform") <= 2 ** -(steps - 2), `${steps} steps`);
  }
});

test("a line of causes goes on over the branches of one task: races among them are reached", async () => {
  // A priority for each task alone would never let one response of a task pass another of the same task.
  const within = async (sim: Simulation) => {
    const order: string[] = [];
    await Promise.all(["a", "b"].map(async (name) => {
      await sim.io(name);
      await sim.io(`${name} again`);
      order.push(name);
    }));
    sim.sometimes("hit", order[0] === "b");
  };
  assert(await share(within, "pct") > 0.2);
});

test("lots of every law find most of the races within a hundred schedules", async () => {
  const small = racePrograms.filter(({ isLarge }) => !isLarge);
  for (const [strategy, least] of [["random", 1], ["priority", 0.9], ["latency", 0.9], ["pct", 0.8]] as const) {
    let found = 0;
    for (const { broken } of small) {
      await explore(broken, { strategy, maxSchedules: 100 }).catch(() => found++);
    }
    assert(found >= small.length * least, `${strategy}: ${found} of ${small.length}`);
  }
});
