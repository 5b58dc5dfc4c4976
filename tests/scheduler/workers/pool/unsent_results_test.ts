/** What becomes of calls that have ended when the call behind them takes the worker down. */

import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { WorkerExitError, WorkerPool } from "../../../../mod.ts";
import { errorOf, unhandledDuring } from "../../../support/errors.ts";
import { testWith } from "../../../support/needs.ts";
import { thisHost } from "../../../support/this_host.ts";
import { until, within } from "../../../support/within.ts";
import { flagsOf } from "../pool_support.ts";
import { patchThreads } from "../threads_support.ts";

type Tasks = typeof import("../programs/may_end.ts");
const module = new URL("../programs/may_end.ts", import.meta.url);

async function withTasks(teardownTimeout: number, body: (pool: WorkerPool<Tasks>) => Promise<void>): Promise<void> {
  const pool = new WorkerPool<Tasks>(module, { size: 1, teardownTimeout });
  try {
    await body(pool);
  } finally {
    await within(pool.close({ timeout: 0 }), "the pool has closed");
  }
}

/** One of each kind that may wait in a worker for others to go with it. */
const values = [1, -0, NaN, 0.1, "", "text", "\ud800 alone", true, false, null, undefined, "x".repeat(200)];

for (const way of ["exits", "spins"] as const) {
  testWith(
    ["shared memory", "programs"],
    `calls that have ended keep their results, when one of the same function ${way} behind them`,
    async () => {
      await withTasks(0, async (pool) => {
        // Known for short, so that results wait for one another.
        for (let n = 0; n < 100; n++) await pool.run("gives", [n]);
        const flags = flagsOf();
        const controller = new AbortController();
        const before = values.map((value) => pool.run("gives", [value]));
        const last = errorOf(pool.run("gives", [0, way, flags], { signal: controller.signal }));
        const after = values.map((value) => pool.run("gives", [value]));
        await until(() => Atomics.load(flags, 0) === 1, "the call has started");
        if (way === "spins") controller.abort("stop");
        assertEquals(await within(Promise.all(before), "those before"), values);
        assertEquals(await within(Promise.all(after), "those behind"), values);
        if (way === "spins") assertEquals(await last, "stop");
        else assertInstanceOf(await last, WorkerExitError);
        assertEquals(pool.statistics().failed + pool.statistics().cancelled, 1);
      });
    },
  );
}

testWith("shared memory", "results on their way arrive, when the pool ends the thread they come from", async () => {
  for (let round = 0; round < 10; round++) {
    await withTasks(0, async (pool) => {
      await pool.run("gives", [0]);
      const flags = flagsOf();
      const controller = new AbortController();
      const before = [1, 2, 3].map((n) => pool.run("gives", [n]));
      const last = errorOf(pool.run("ignores", [flags], { signal: controller.signal }));
      // In a timer, and without a turn for messages: the timers that stop the thread come first on some hosts.
      await new Promise<void>((resolve) =>
        setTimeout(() => {
          busy(2000, () => Atomics.load(flags, 0) === 1);
          controller.abort("stop");
          busy(5);
          setTimeout(() => busy(5), 0);
          resolve();
        }, 2)
      );
      assertEquals(await within(Promise.all(before), "those before"), [1, 2, 3]);
      assertEquals(await last, "stop");
    });
  }
});

testWith("shared memory", "a thread without a call that will not end is told of once", async () => {
  const { threads, restore } = patchThreads();
  try {
    const told = await unhandledDuring(async () => {
      await withTasks(0, async (pool) => {
        await pool.run("gives", [0]);
        threads[0]!.immortal = true;
        await pool.close();
      });
    });
    // Browsers stop every thread, and are believed.
    assertEquals(told.length, thisHost() === "browser" ? 0 : 1, String(told));
    for (const error of told) assert(/did not end within 1000 ms/.test((error as Error).message), String(error));
  } finally {
    restore();
    for (const thread of threads) thread.kill();
  }
});

test("a buffer that was moved away while its call waited is named, beside an error too", async () => {
  await withTasks(1000, async (pool) => {
    const buffer = new ArrayBuffer(8);
    const call = errorOf(pool.run("gives", [{ error: new RangeError("beside"), deep: [new Uint8Array(buffer)] }]));
    structuredClone(buffer, { transfer: [buffer] });
    const error = await call as Error;
    assertEquals(error.name, "DataCloneError");
    assert(error.message.includes("args[0].deep[0] (a detached buffer)"), error.message);
  });
});

/** Computes for so long, or until something is so. */
function busy(ms: number, isOver: () => boolean = () => false): void {
  for (const until = performance.now() + ms; performance.now() < until && !isOver(););
}
