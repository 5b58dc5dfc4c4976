/** Workers that are started ahead for those whose call does not end when it is told to. */

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import {
  configure,
  sleep,
  WorkerExitError,
  type WorkerExitInfo,
  WorkerPool,
  type WorkerPoolOptions,
} from "../../../../mod.ts";
import { explore, simulate } from "../../../../testing.ts";
import { errorOf } from "../../../support/errors.ts";
import { testWith } from "../../../support/needs.ts";
import { until } from "../../../support/within.ts";
import { flagsOf, withPool } from "../pool_support.ts";

const tasks = new URL("../../exploration/virtual_worker_tasks.ts", import.meta.url);
type Pool = WorkerPool<typeof import("../../exploration/virtual_worker_tasks.ts")>;

/** Runs a body with a pool of one worker, whose calls have a second to end; gives why its workers ended, and after how many calls. */
async function withOne(body: (pool: Pool) => unknown, options: WorkerPoolOptions = {}): Promise<[string, number][]> {
  const exits: [string, number][] = [];
  const pool: Pool = new WorkerPool(tasks, {
    size: 1,
    teardownTimeout: 1000,
    onWorkerExit: ({ reason, calls }: WorkerExitInfo) => void exits.push([reason, calls]),
    ...options,
  });
  try {
    await body(pool);
  } finally {
    await pool.close({ timeout: 0 });
  }
  return exits;
}

/** Begins a call that takes so many ms, whatever it is told, and aborts it. */
async function runAway(pool: Pool, ms: number): Promise<void> {
  await pool.warmUp();
  const controller = new AbortController();
  const call = errorOf(pool.run("raw", [ms], { signal: controller.signal }));
  await sleep(5);
  controller.abort();
  await call;
}

test("the call behind one that does not end is answered at the end of its grace, by a worker started ahead", async () => {
  const exits = await simulate((sim) =>
    withOne(async (pool) => {
      await runAway(pool, 1e9);
      const aborted = sim.now();
      const behind = pool.run("double", [2]);
      const { workers, running, queued } = pool.statistics();
      assertEquals([workers, running, queued], [1, 1, 1]);
      await sleep(995);
      // There it is, and idle.
      const late = pool.statistics();
      assertEquals([late.workers, late.idle, late.running, late.queued], [2, 1, 1, 1]);
      assertEquals([await behind, sim.now()], [4, aborted + 1000]);
      await sleep(1);
      assertEquals(pool.statistics().workers, 1);
    })
  );
  assertEquals(exits, [["stopped", 0], ["closed", 1]]);
});

test("a call that ends late in its grace keeps its worker, and the one started ahead is closed", async () => {
  const exits = await simulate(() =>
    withOne(async (pool) => {
      await runAway(pool, 1000);
      await sleep(990);
      assertEquals(pool.statistics().workers, 2);
      await sleep(10);
      assertEquals(pool.statistics().workers, 1);
      assertEquals(await pool.run("double", [2]), 4);
    })
  );
  assertEquals(exits, [["idle", 0], ["closed", 2]]);
});

test("for calls that end soon after their abort no worker is started", async () => {
  const exits = await simulate(() =>
    withOne(async (pool) => {
      for (const ms of [6, 14, 900]) {
        await runAway(pool, ms);
        await sleep(ms);
        assertEquals(pool.statistics().workers, 1);
      }
    })
  );
  assertEquals(exits, [["closed", 3]]);
});

test("each of several calls that do not end has one worker started ahead, however long it goes on", async () => {
  const exits = await simulate(() =>
    withOne(async (pool) => {
      const controller = new AbortController();
      await pool.warmUp();
      const calls = [1, 2].map(() => errorOf(pool.run("raw", [1e9], { signal: controller.signal })));
      await sleep(5);
      controller.abort();
      await Promise.all(calls);
      await sleep(999);
      assertEquals(pool.statistics().workers, 4);
      await sleep(2);
      assertEquals(pool.statistics().workers, 2);
      assertEquals(await Promise.all([pool.run("double", [1]), pool.run("double", [2])]), [2, 4]);
    }, { size: 2 })
  );
  assertEquals(exits, [["stopped", 0], ["stopped", 0], ["closed", 1], ["closed", 1]]);
});

test("a pool that closes starts nobody ahead, and ends who was started before", async () => {
  const before = await simulate(() =>
    withOne(async (pool) => {
      await runAway(pool, 1e9);
      await sleep(990);
      assertEquals(pool.statistics().workers, 2);
    })
  );
  assertEquals(before, [["stopped", 0], ["closed", 0]]);
  const after = await simulate(() =>
    withOne(async (pool) => {
      void errorOf(pool.run("raw", [1e9]));
      await sleep(5);
      await pool.close({ timeout: 0 });
    })
  );
  assertEquals(after, [["stopped", 0]]);
});

test("whenever a worker dies, also one started ahead, the call behind settles, and nothing is left", async () => {
  configure({ onUnhandled: (error) => assert(error instanceof WorkerExitError, String(error)) });
  const { reached } = await explore(async (sim) => {
    await withOne(async (pool) => {
      await runAway(pool, 60);
      sim.workers.exits = 1;
      const outcome = await pool.run("double", [2]).catch((error) => error);
      assert(outcome === 4 || outcome instanceof WorkerExitError, String(outcome));
      sim.sometimes(outcome === 4 ? "done" : "died");
    }, { teardownTimeout: 60 });
  }, { maxSchedules: 400 }).finally(() => configure({ onUnhandled: undefined }));
  assert(reached["done"]! > 0 && reached["died"]! > 0, JSON.stringify(reached));
});

testWith("shared memory", "no call runs beside one that was told to stop before its grace is over", async () => {
  await withPool({ size: 1, teardownTimeout: 400, idleTimeout: Infinity }, async (pool) => {
    await pool.warmUp();
    const flags = flagsOf();
    const controller = new AbortController();
    const call = errorOf(pool.run("ignoresAbort", [flags], { signal: controller.signal }));
    await until(() => Atomics.load(flags, 0) === 1, "the call has started");
    const aborted = performance.now();
    controller.abort();
    await call;
    assertEquals(await Promise.all([pool.run("add", [1, 2]), pool.run("add", [3, 4])]), [3, 7]);
    // Timers may be a millisecond early.
    assert(performance.now() - aborted > 398);
    await until(() => pool.statistics().workers === 1, "the old thread has ended");
    assertEquals(pool.statistics().runaway, 0);
  });
});
