import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { WorkAhead } from "../../../../io/remote/server/work_ahead.ts";
import { sleep } from "../../../../mod.ts";
import { PoolMeter } from "../../../../scheduler/workers/dispatch/pool_meter.ts";
import { simulate } from "../../../../testing.ts";
import { testWith } from "../../../support/needs.ts";
import { withinTest } from "../../../support/within.ts";
import { withRemote } from "../remote_support.ts";

function aheadOf({ attempts = 3, size = 2, ran = 0.001 } = {}) {
  const meter = new PoolMeter();
  for (let count = 0; count < 100; count++) meter.ranInWorker(ran);
  const state = { isAhead: true, stuck: 0 };
  const ahead = new WorkAhead({ meter } as never, {
    ...{ size, attempts, isAhead: () => state.isAhead, onStuck: () => void state.stuck++ },
  });
  return { meter, ahead, state };
}

test("the shorter the functions, the more jobs are taken ahead, up to a bound for each thread", () => {
  assertEquals([0.001, 0.1, 0.25, 1, 1000].map((ran) => aheadOf({ ran }).ahead.count), [64, 10, 4, 0, 0]);
  assertEquals(aheadOf({ size: 1 }).ahead.count, 32);
  assertEquals(
    new WorkAhead({ meter: new PoolMeter() } as never, {
      ...{ size: 1, attempts: 3, isAhead: () => false, onStuck: () => {} },
    }).count,
    0,
    "nothing is known yet",
  );
});

test("no job is taken ahead that would have no attempt to lose", () => {
  assertEquals([1, 2, 3].map((attempts) => aheadOf({ attempts }).ahead.count), [0, 0, 64]);
});

testWith(
  "async context",
  "when nothing comes to its end it is said once, and nothing is taken ahead until something has",
  () =>
    simulate(async () => {
      const { ahead, state, meter } = aheadOf();
      ahead.watch();
      for (let count = 0; count < 10; count++) {
        await sleep(40);
        meter.completed++;
      }
      assertEquals([state.stuck, ahead.count], [0, 64]);
      await sleep(200);
      assertEquals([state.stuck, ahead.count], [1, 0]);
      meter.completed++;
      assertEquals(ahead.count, 64);
    }),
);

testWith(
  "async context",
  "threads that have nothing behind what they run may run it for as long as they like",
  () =>
    simulate(async () => {
      const { ahead, state } = aheadOf();
      ahead.watch();
      state.isAhead = false;
      await sleep(1000);
      assertEquals(state.stuck, 0);
    }),
);

test("on real threads: jobs that were taken ahead and wait behind a long one go to another server, and each runs once", () =>
  withinTest(withRemote(async ({ pool, serve }) => {
    const calls = pool({ queue: "ahead" });
    const first = await serve({ queue: "ahead" });
    await Promise.all(Array.from({ length: 300 }, (_, index) => calls.run("add", [index, 1])));
    // Five times as long as it takes to find out that it is long.
    const long = Array.from({ length: 12 }, () => calls.run("spin", [250]));
    const second = await serve({ queue: "ahead" });
    await Promise.all(long);
    const [one, other] = [first.statistics(), second.statistics()];
    assertEquals(one.completed + other.completed, 312);
    assert(other.completed > 0, "the other one has done nothing");
  })));

test("on real threads: a server that drains gives back what its threads have not begun, at once", () =>
  withinTest(withRemote(async ({ pool, serve }) => {
    const calls = pool({ queue: "drained" });
    const first = await serve({ queue: "drained" });
    await Promise.all(Array.from({ length: 300 }, (_, index) => calls.run("add", [index, 1])));
    const ran = first.statistics().completed;
    const long = Array.from({ length: 8 }, () => calls.run("spin", [150]));
    while (first.statistics().running === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    const second = await serve({ queue: "drained" });
    await first.drain();
    await Promise.all(long);
    const begun = first.statistics().completed - ran;
    assert(begun < 8, `${begun} were begun by a single thread`);
    assertEquals(begun + second.statistics().completed, 8);
  })));
