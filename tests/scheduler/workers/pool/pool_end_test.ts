/** Workers that do not come to their work, or do not end, and pools that are closed. */

import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertStrictEquals, assertThrows } from "@std/assert";
import { callback, PoolClosedError, StructureError, TimeoutError, WorkerPool } from "../../../../mod.ts";
import type { WorkerExitInfo } from "../../../../mod.ts";
import { errorOf, unhandledDuring } from "../../../support/errors.ts";
import { testWith } from "../../../support/needs.ts";
import { spin } from "../../../support/spin.ts";
import { until, within } from "../../../support/within.ts";
import { flagsOf, module, type Tasks, withPool } from "../pool_support.ts";

const neverLoads = new URL("../programs/never_loads.ts", import.meta.url);

testWith(
  "shared memory",
  "a worker that does not load its module in time is given up, and later ones work",
  async () => {
    const flags = flagsOf();
    const exits: WorkerExitInfo[] = [];
    const pool = new WorkerPool<typeof import("../programs/never_loads.ts")>(neverLoads, {
      size: 1,
      name: "slow",
      startTimeout: 1000,
      workerData: flags,
      onWorkerExit: (exit) => exits.push(exit),
    });
    try {
      const errors = await Promise.all([errorOf(pool.run("name", [])), errorOf(pool.warmUp())]);
      for (const error of errors) {
        assertInstanceOf(error, TimeoutError);
        assertEquals((error as TimeoutError).timeout, 1000);
        assert(/worker of slow, which loads .*never_loads.ts/.test((error as Error).message), String(error));
      }
      await until(() => exits.length === 1, "the worker has ended");
      assertEquals([exits[0]!.reason, exits[0]!.calls], ["failed", 0]);
      Atomics.store(flags, 0, 1);
      let loaded: unknown;
      // A busy machine may take longer than that once more.
      const end = performance.now() + 20_000;
      while (loaded !== "loaded" && performance.now() < end) loaded = await pool.run("name", []).catch(() => undefined);
      assertEquals(loaded, "loaded");
    } finally {
      await pool.close({ timeout: 0 });
    }
  },
);

testWith("shared memory", "a call to a worker that has nothing to do starts while its caller computes", async () => {
  await withPool({ size: 1 }, async (pool) => {
    await pool.warmUp();
    const flags = flagsOf();
    const call = pool.run("note", [flags, 1]);
    for (let round = 0; round < 2000 && Atomics.load(flags, 0) === 0; round++) spin(5);
    assertEquals(Atomics.load(flags, 0), 1);
    await call;
  });
});

test("more streams side by side than there may be workers are refused by name, and reading goes on", async () => {
  await withPool({ size: 1, name: "small" }, async (pool) => {
    const streams = Array.from({ length: 66 }, () => pool.stream("numbers", [1000], { highWaterMark: 1 }));
    const first = await Promise.allSettled(streams.map((stream) => stream.next()));
    const refused = first.filter(({ status }) => status === "rejected");
    assertEquals(refused.length, 1);
    const { reason } = refused[0] as PromiseRejectedResult;
    assertInstanceOf(reason, StructureError);
    assert(/^All 65 workers of small are busy with calls/.test(reason.message), reason.message);
    await streams[0]!.return!();
    assertEquals(await pool.run("double", [4]), 8);
    await Promise.all(streams.map((stream) => stream.return!()));
  });
});

test("callbacks that call the pool ever deeper end with an error that names the limit", async () => {
  await withPool({ size: 1, name: "deep" }, async (pool) => {
    const deeper = (): Promise<number> => pool.run("callsBack", [callback(deeper), 1]);
    const error = await within(errorOf(deeper()), "the deepest call has been refused");
    assert(/workers of deep are busy with calls/.test(String(error)), String(error));
    assertEquals(await pool.run("double", [4]), 8);
  });
});

testWith("shared memory", "close can finish what runs and refuse what waits", async () => {
  await withPool({ size: 1 }, async (pool) => {
    await pool.warmUp();
    const flags = flagsOf();
    const running = pool.run("holdUntil", [flags, 1]);
    const waiting = [1, 2, 3, 4].map((n) => errorOf(pool.run("double", [n])));
    const closing = pool.close({ queued: "cancel" });
    for (const error of await Promise.all(waiting)) assertInstanceOf(error, PoolClosedError);
    assertEquals(pool.statistics().running, 1);
    Atomics.store(flags, 1, 1);
    await running;
    await closing;
  });
});

test("a second close may cancel what the first was to finish", async () => {
  await withPool({ size: 1 }, async (pool) => {
    const calls = [1, 2, 3].map((n) => pool.run("double", [n]).catch((error) => error));
    const closing = pool.close();
    assertStrictEquals(pool.close({ queued: "cancel" }), closing);
    for (const result of await Promise.all(calls)) assertInstanceOf(result, PoolClosedError);
    await closing;
  });
});

test("every call of a pool that its signal has closed tells why", async () => {
  const controller = new AbortController();
  await withPool({ signal: controller.signal, size: 1 }, async (pool) => {
    const reason = new Error("the server shuts down");
    const before = errorOf(pool.run("double", [1]));
    controller.abort(reason);
    const errors = [
      await before,
      await errorOf(pool.run("double", [1])),
      await errorOf(pool.stream("numbers", [1]).next()),
      await errorOf(pool.map("double", [1])),
      await errorOf(pool.room()),
      await errorOf(pool.warmUp()),
    ];
    for (const error of errors) {
      assertInstanceOf(error, PoolClosedError);
      assertStrictEquals((error as Error).cause, reason);
    }
  });
});

testWith("shared memory", "each end of a worker is told once, with its reason", async () => {
  const exits: WorkerExitInfo[] = [];
  const options = { size: 1, onWorkerExit: (exit: WorkerExitInfo) => exits.push(exit) };
  await withPool({ ...options, idleTimeout: 0 }, async (pool) => {
    await pool.run("double", [1]);
    await until(() => exits.length === 1, "the idle worker has ended");
  });
  await withPool({ ...options, maxCalls: 1 }, async (pool) => {
    await pool.run("double", [1]);
    await until(() => exits.length === 2, "the spent worker has ended");
  });
  await withPool({ ...options, teardownTimeout: 0 }, async (pool) => {
    const flags = flagsOf();
    const controller = new AbortController();
    const call = errorOf(pool.run("ignoresAbort", [flags], { signal: controller.signal }));
    await until(() => Atomics.load(flags, 0) === 1, "the call has started");
    controller.abort();
    await call;
    await until(() => exits.length === 3, "the stopped worker has ended");
  });
  await withPool(options, async (pool) => void await pool.run("double", [1]));
  assertEquals(exits.map(({ reason, calls }) => [reason, calls]), [
    ["idle", 1],
    ["spent", 1],
    ["stopped", 0],
    ["closed", 1],
  ]);
});

test("what the hook of an end throws or rejects with is told, and ends nothing", async () => {
  const seen = await unhandledDuring(async () => {
    await withPool({
      size: 1,
      onWorkerExit: () => {
        throw new Error("thrown by the hook");
      },
    }, async (pool) => void await pool.run("double", [1]));
    await withPool({ size: 1, onWorkerExit: () => Promise.reject(new Error("rejected by the hook")) }, async (pool) => {
      await pool.run("double", [1]);
    });
  });
  assertEquals(seen.map((error) => (error as Error).message), ["thrown by the hook", "rejected by the hook"]);
});

test("wrong options of these kinds are refused at the call", async () => {
  assertThrows(() => new WorkerPool<Tasks>(module, { startTimeout: -1 }), RangeError);
  assertThrows(() => new WorkerPool<Tasks>(module, { onWorkerExit: 1 as never }), TypeError);
  await withPool({}, (pool) => {
    assertThrows(() => pool.close({ queued: "drop" as never }), TypeError, `"finish" or "cancel": received "drop"`);
    return Promise.resolve();
  });
});
