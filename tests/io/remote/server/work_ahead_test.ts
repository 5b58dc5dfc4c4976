import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { WorkAhead } from "../../../../io/remote/server/work_ahead.ts";
import { sleep } from "../../../../mod.ts";
import type { TaskServer } from "../../../../remote.ts";
import { PoolMeter } from "../../../../scheduler/workers/dispatch/pool_meter.ts";
import { simulate } from "../../../../testing.ts";
import { testWith } from "../../../support/needs.ts";
import { until, withinTest } from "../../../support/within.ts";
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

/** Calls to a server of one thread, which takes jobs ahead by now, that end when they are aborted; all but one of them are in the queue again. */
async function withLongCalls(
  queue: string,
  body: (server: TaskServer, end: () => void, areBack: () => Promise<void>) => Promise<void>,
): Promise<void> {
  await withinTest(withRemote(async ({ pool, serve, engine }) => {
    const [calls, server] = [pool({ queue }), await serve({ queue })];
    await Promise.all(Array.from({ length: 300 }, (_, index) => calls.run("add", [index, 1])));
    const controller = new AbortController();
    const { signal } = controller;
    const long = Array.from({ length: 8 }, () => calls.run("untilCancelled", [], { signal }).catch(() => {}));
    await until(() => server.statistics().running > 0, "one runs");
    const jobs = await engine().queue(queue, { ackWait: 30_000, attempts: 3, limit: 1000 });
    const areBack = async (): Promise<void> => {
      let queued = 0;
      const look = () => void jobs.counts().then((count) => queued = count.queued, () => {});
      await until(() => (look(), queued === 7), "those behind it are in the queue");
    };
    await body(server, () => controller.abort(), areBack);
    await Promise.all(long);
  }));
}

test("on real threads: jobs that were taken ahead and wait behind a long one go back, for others to take", () =>
  withLongCalls("ahead", async (server, end, areBack) => {
    await areBack();
    assertEquals(server.statistics().running, 1);
    end();
  }));

test("on real threads: a server that drains gives back what its threads have not begun", () =>
  withLongCalls("drained", async (server, end, areBack) => {
    const drained = server.drain();
    await areBack();
    end();
    await drained;
  }));
