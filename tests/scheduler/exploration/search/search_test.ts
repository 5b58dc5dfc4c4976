import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { group } from "../../../../mod.ts";
import { explore } from "../../../../testing.ts";
import { actors, failureOf } from "../../../support/explored.ts";

test("an exhaustive search runs each schedule exactly once: as many as there are orders of the steps", async () => {
  for (const [steps, count] of [[[1], 1], [[2, 2], 6], [[2, 2, 2], 90], [[4, 3], 35], [[1, 1, 1, 1], 24]] as const) {
    const orders: string[] = [];
    const report = await explore(actors(steps, (order) => orders.push(order)));
    assertEquals(report.guarantee, `all ${count} schedules pass`);
    assertEquals([report.schedules, report.distinct, report.exhaustive], [count, count, true]);
    assertEquals([orders.length, new Set(orders).size], [count, count]);
  }
});

test("tasks of a group have the orders of plain promises: the turns of the run queue add none", async () => {
  const report = await explore((sim) =>
    group((g) => {
      for (const actor of ["a", "b"]) {
        g.spawn(async () => {
          await sim.io(`read ${actor}`);
          await sim.io(`write ${actor}`);
        });
      }
    })
  );
  assertEquals(report.guarantee, "all 6 schedules pass");
});

test("where not all schedules can be run, all with at most two events held back are", async () => {
  const report = await explore(actors([8, 8]), { strategy: "held-back", maxSchedules: 5000 });
  assertEquals(report.exhaustive, false);
  assert(report.guarantee.startsWith("all with <= 2 held-back events pass"), report.guarantee);
  const cut = await explore(actors([8, 8]), { maxSchedules: 300 });
  assertEquals([cut.schedules, cut.exhaustive], [300, false]);
  assert(/^all with <= \d held-back events pass .*random/.test(cut.guarantee), cut.guarantee);
});

/**
 * The orders of actors in which at most two steps stay out until no other is ready, by another way than the search goes: each
 * choice of two steps is tried.
 */
function withTwoHeldBack(steps: readonly number[]): Set<string> {
  const all = steps.flatMap((count, actor) => Array.from({ length: count }, (_, step) => `${actor}.${step}`));
  const orders = new Set<string>();
  for (const first of all) {
    for (const second of all) {
      for (const last of [first, second]) {
        const held = new Set([first, second]);
        const ready = steps.map((_, actor) => ({ actor, step: 0 }));
        let order = "";
        while (ready.length > 0) {
          const name = ({ actor, step }: { actor: number; step: number }) => `${actor}.${step}`;
          let index = ready.findIndex((each) => !held.has(name(each)));
          if (index < 0) index = Math.max(0, ready.findIndex((each) => name(each) !== last));
          const [{ actor, step }] = ready.splice(index, 1) as [{ actor: number; step: number }];
          order += actor;
          if (step + 1 < steps[actor]!) ready.push({ actor, step: step + 1 });
        }
        orders.add(order);
      }
    }
  }
  return orders;
}

for (const steps of [[3, 3], [2, 2, 2], [4, 2, 1]]) {
  test(`all orders of ${steps} steps in which at most two stay out are run, and what needs two is found for certain`, async () => {
    const run = new Set<string>();
    await explore(actors(steps, (order) => run.add(order)), { strategy: "held-back", maxSchedules: 5000 });
    const expected = [...withTwoHeldBack(steps)];
    assertEquals(expected.filter((order) => !run.has(order)), []);
    assert(expected.length > 5);
    for (const order of expected) {
      const body = actors(steps, (other) => {
        if (other === order) throw new Error("this one");
      });
      const failure = await failureOf(body, { strategy: "held-back" });
      assert(failure.schedules <= run.size);
    }
  });
}

test("where there are far more schedules than can be run, lots take turns with the rest after the first 50", async () => {
  const orders: string[] = [];
  const body = actors([6, 6, 6], (order) => orders.push(order));
  const report = await explore(body, { maxSchedules: 200 });
  const systematic: string[] = [];
  await explore(actors([6, 6, 6], (order) => systematic.push(order)), { maxSchedules: 200, strategy: "exhaustive" });
  assertEquals(orders.slice(0, 50), systematic.slice(0, 50));
  assertEquals(orders.slice(50, 80).filter((order) => !systematic.includes(order)).length > 10, true);
  assert(/; 100 random schedules pass$/.test(report.guarantee), report.guarantee);
});

test("a small program is run under all its schedules, and under none twice, before any lot is drawn", async () => {
  const orders: string[] = [];
  const report = await explore(actors([3, 3, 2], (order) => orders.push(order)));
  assertEquals([report.schedules, new Set(orders).size, report.exhaustive], [560, 560, true]);
});
