/** What ends a simulation before its time, and what others in the same process see of it. */

import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { TimeoutError } from "../../../mod.ts";
import { cancelEverywhere, explore, simulate, type Simulation } from "../../../testing.ts";
import { testWith } from "../../support/needs.ts";

const hostsOwn = setTimeout;

/** Takes more schedules than anybody waits for. */
const endless = async (sim: Simulation): Promise<void> => {
  await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(async (actor) => {
    for (let round = 0; round < 20; round++) {
      await sim.io(`step of ${actor}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }));
};
const all = { maxSchedules: Infinity };

test("a signal ends an exploration with its reason, and the host's own functions are back at once", async () => {
  const controller = new AbortController();
  const exploring = explore(endless, { ...all, signal: controller.signal });
  exploring.catch(() => {});
  await new Promise((resolve) => hostsOwn(resolve, 30));
  assert(setTimeout !== hostsOwn);
  controller.abort(new RangeError("the test is over"));
  assert(setTimeout === hostsOwn);
  await assertRejects(() => exploring, RangeError, "the test is over");
});

test("a signal that is aborted already lets no body begin", async () => {
  let begun = 0;
  const signal = AbortSignal.abort(new RangeError("too late"));
  await assertRejects(() => explore(() => void begun++, { signal }), RangeError, "too late");
  await assertRejects(() => simulate(() => void begun++, { signal }), RangeError, "too late");
  assertEquals(begun, 0);
});

test("a body may abort the signal of its own exploration: it ends, and the next one begins", async () => {
  const controller = new AbortController();
  const body = async (sim: Simulation) => {
    await sim.io();
    controller.abort(new RangeError("from inside"));
  };
  await assertRejects(() => explore(body, { signal: controller.signal }), RangeError, "from inside");
  assertEquals(await simulate(() => 1), 1);
});

test("maxTime of real time ends an exploration, a simulation and a sweep of cancellations, with an error that names it", async () => {
  const forms = [
    () => explore(endless, { ...all, maxTime: 30 }),
    () => simulate((sim) => endless(sim).then(() => endless(sim)), { maxTime: 1, maxSteps: Infinity }),
    () => cancelEverywhere(endless, { maxTime: 30 }),
  ];
  for (const form of forms) {
    await assertRejects(form, TimeoutError, "maxTime");
    assert(setTimeout === hostsOwn);
  }
});

test("simulations that begin at once run one after the other, in the order of their calls", async () => {
  const order: string[] = [];
  const body = (name: string) => async (sim: Simulation) => {
    order.push(`${name} begins`);
    await sim.io();
    order.push(`${name} ends`);
  };
  await Promise.all([simulate(body("a")), explore(body("b")), simulate(body("c"))]);
  assertEquals(order, ["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
});

test("a signal ends the wait for the simulation before", async () => {
  const controller = new AbortController();
  const first = new AbortController();
  const exploring = explore(endless, { ...all, signal: first.signal });
  exploring.catch(() => {});
  const waiting = simulate(() => 1, { signal: controller.signal });
  controller.abort(new RangeError("no longer"));
  await assertRejects(() => waiting, RangeError, "no longer");
  first.abort(new RangeError("over"));
  await assertRejects(() => exploring, RangeError, "over");
});

test("a simulation that is awaited in the body of another is a deadlock that says so", async () => {
  const nested: Promise<unknown>[] = [];
  const error = await assertRejects(() =>
    simulate(async (sim) => {
      await sim.io();
      await undefined;
      nested.push(simulate(() => 1));
      await nested[0];
    })
  );
  assert(String(error).includes("a simulation that was begun meanwhile"), String(error));
  assertEquals(await nested[0], 1);
});

testWith("immediates", "code beside an exploration has the clocks and the timers of the host", async () => {
  const controller = new AbortController();
  const exploring = explore(endless, { ...all, signal: controller.signal, startTime: 0 });
  exploring.catch(() => {});
  try {
    const began = performance.now();
    for (let round = 0; round < 5; round++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      await new Promise((resolve) => setImmediate(resolve));
      assert(new Date().getFullYear() > 2000);
      clearTimeout(setTimeout(() => assert(false), 1));
    }
    assert(performance.now() - began >= 49, `${performance.now() - began} ms`);
  } finally {
    controller.abort(new RangeError("over"));
  }
  await assertRejects(() => exploring, RangeError, "over");
});
