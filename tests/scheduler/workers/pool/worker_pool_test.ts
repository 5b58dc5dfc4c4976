/** The calls, the statistics and the end of a pool. */

import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertStrictEquals, assertThrows } from "@std/assert";
import { group, PoolClosedError, WorkerPool } from "../../../../mod.ts";
import { errorOf } from "../../../support/errors.ts";
import { until } from "../../../support/within.ts";
import { countListeners, flagsOf, module, stopsLoops, type Tasks, withPool } from "../pool_support.ts";
import { thisHost } from "../../../support/this_host.ts";
import { testWith } from "../../../support/needs.ts";

test("a call runs an exported function, synchronous or not, and gives its result", async () => {
  await withPool({ size: 1 }, async (pool) => {
    assertEquals(await pool.run("add", [1, 2]), 3);
    assertEquals(await pool.run("later", ["value", 1]), "value");
    assertEquals(await pool.run("default", []), "default");
    assertEquals(await pool.functions.add(3, 4), 7);
  });
});

test("pool.functions is no promise, and names are typed", async () => {
  await withPool({ size: 1 }, async (pool) => {
    assertStrictEquals(await Promise.resolve(pool.functions), pool.functions);
    // @ts-expect-error there is no such function
    const missing = pool.functions.nothing();
    assertInstanceOf(await errorOf(missing), TypeError);
    // @ts-expect-error an argument of a wrong type
    await pool.functions.add("1", 2);
  });
});

test("a missing export rejects with an error that lists what is there, and harms no other call", async () => {
  await withPool({ size: 1 }, async (pool) => {
    const calls = [pool.run("add", [1, 1]), pool.run("missing" as "add", [1, 1]), pool.run("add", [2, 2])];
    const [first, second, third] = await Promise.allSettled(calls);
    assertEquals([first, third].map((each) => (each as PromiseFulfilledResult<number>).value), [2, 4]);
    const { reason } = second as PromiseRejectedResult;
    assertInstanceOf(reason, TypeError);
    assert(/"missing".*add/.test(reason.message), reason.message);
    assertInstanceOf(await errorOf(pool.run("notAFunction" as "add", [1, 1])), TypeError);
    assertInstanceOf(await errorOf(pool.run("toString" as "add", [1, 1])), TypeError);
  });
});

test("arguments of a wrong kind or range throw at the call", () => {
  const pool = new WorkerPool<Tasks>(module);
  assertThrows(() => new WorkerPool("tasks.ts" as unknown as URL), TypeError);
  assertThrows(() => new WorkerPool(module, { size: 0 }), RangeError);
  assertThrows(() => new WorkerPool(module, { size: "2" as unknown as number }), TypeError);
  assertThrows(() => new WorkerPool(module, { queueLimit: -1 }), RangeError);
  assertThrows(() => new WorkerPool(module, { teardownTimeout: NaN }), RangeError);
  assertThrows(() => new WorkerPool(module, { idleTimeout: -1 }), RangeError);
  assertThrows(() => new WorkerPool(module, { size: 1, min: 2 }), RangeError);
  assertThrows(() => new WorkerPool(module, { name: 1 as unknown as string }), TypeError);
  assertThrows(() => new WorkerPool(module, { signal: {} as AbortSignal }), TypeError);
  assertThrows(() => new WorkerPool(module, { resourceLimits: { unknown: 1 } }), TypeError);
  assertThrows(() => pool.run(1 as unknown as "add", [1, 2]), TypeError);
  assertThrows(() => pool.run("add", 1 as unknown as [number, number]), TypeError);
  assertThrows(() => pool.run("add", [1, 2], { timeout: -1 }), RangeError);
  assertThrows(() => pool.run("add", [1, 2], { runTimeout: "1" as unknown as number }), TypeError);
  assertThrows(() => pool.run("add", [1, 2], { priority: "high" as "background" }), TypeError);
  assertThrows(() => pool.run("add", [1, 2], { signal: 1 as unknown as AbortSignal }), TypeError);
  assertThrows(() => pool.run("add", [1, 2], { onProgress: 1 as unknown as () => void }), TypeError);
  assertThrows(() => pool.run("add", [1, 2], null as unknown as object), TypeError);
  assertThrows(() => pool.stream("numbers", [1], { highWaterMark: 0 }), RangeError);
  assertThrows(() => pool.map("double", 1 as unknown as number[]), TypeError);
  assertThrows(() => pool.map("double", [1], { limit: 0 }), RangeError);
  assertThrows(() => pool.close({ timeout: -1 }), RangeError);
  assertEquals(pool.statistics().workers, 0);
});

test("resourceLimits are a TypeError where workers are web workers", () => {
  const isNode = thisHost().startsWith("node");
  const make = () => new WorkerPool(module, { resourceLimits: { maxOldGenerationSizeMb: 64 } });
  if (isNode) make();
  else assertThrows(make, TypeError);
});

test("close finishes what runs and waits; new calls are refused; a second close is the same promise", async () => {
  const pool = new WorkerPool<Tasks>(module, { size: 1 });
  const calls = [1, 2, 3].map((n) => pool.run("later", [n, 5]));
  const closing = pool.close();
  assertStrictEquals(pool.close({ timeout: 60_000 }), closing);
  assertInstanceOf(await errorOf(pool.run("add", [1, 2])), PoolClosedError);
  assertInstanceOf(await errorOf(pool.stream("numbers", [1]).next()), PoolClosedError);
  assertInstanceOf(await errorOf(pool.map("double", [1])), PoolClosedError);
  assertInstanceOf(await errorOf(pool.room()), PoolClosedError);
  assertEquals(await Promise.all(calls), [1, 2, 3]);
  await closing;
  assertEquals(pool.statistics().workers, 0);
});

testWith(
  "shared memory",
  "close({ timeout }) aborts what is left; dispose does so at once, also while the pool is closing",
  async () => {
    const pool = new WorkerPool<Tasks>(module, { size: 1, teardownTimeout: 20 });
    const flags = flagsOf();
    const calls = [pool.run("spinForever", [flags]), pool.run("add", [1, 2])].map(errorOf);
    await until(() => Atomics.load(flags, 0) === 1, "the call has started");
    const closing = pool.close();
    await pool[Symbol.asyncDispose]();
    await closing;
    for (const call of calls) assertInstanceOf(await call, PoolClosedError);
    assertEquals(pool.statistics(), {
      workers: 0,
      idle: 0,
      running: 0,
      queued: 0,
      completed: 0,
      failed: 0,
      cancelled: 2,
      runaway: stopsLoops ? 0 : 1,
    });
    const other = new WorkerPool<Tasks>(module, { size: 1, teardownTimeout: 20 });
    const call = other.run("ignoresAbort", [flagsOf()]);
    const ended = Promise.allSettled([call, other.close({ timeout: 10 })]);
    assertInstanceOf(((await ended)[0] as PromiseRejectedResult).reason, PoolClosedError);
  },
);

test("the pool's signal closes it at once, and has no listener once the pool is closed", async () => {
  const controller = new AbortController();
  const listeners = countListeners(controller.signal);
  const pool = new WorkerPool<Tasks>(module, { size: 1, signal: controller.signal });
  const call = pool.run("later", [1, 60_000]);
  assertEquals(listeners(), 1);
  controller.abort("end");
  const error = await errorOf(call);
  assertInstanceOf(error, PoolClosedError);
  assertEquals(error.cause, "end");
  await pool.close();
  assertEquals(listeners(), 0);
  const second = new AbortController();
  const secondListeners = countListeners(second.signal);
  await new WorkerPool<Tasks>(module, { signal: second.signal }).close();
  assertEquals(secondListeners(), 0);
  const closed = new WorkerPool<Tasks>(module, { signal: AbortSignal.abort() });
  assertInstanceOf(await errorOf(closed.run("add", [1, 2])), PoolClosedError);
});

testWith("shared memory", "the statistics count each call once, and the histograms what ran", async () => {
  await withPool({ size: 1 }, async (pool) => {
    assertEquals(pool.statistics(), {
      workers: 0,
      idle: 0,
      running: 0,
      queued: 0,
      completed: 0,
      failed: 0,
      cancelled: 0,
      runaway: 0,
    });
    const flags = flagsOf();
    const holding = pool.run("holdUntil", [flags, 1]);
    await until(() => Atomics.load(flags, 0) === 1, "the call has started");
    const controller = new AbortController();
    const calls = [
      holding,
      pool.run("add", [1, 2]),
      pool.run("fails", ["own"]),
      pool.run("add", [1, 2], { signal: controller.signal }),
    ];
    const settled = Promise.allSettled(calls);
    const { workers, idle, running, queued } = pool.statistics();
    assertEquals({ workers, idle, running, queued }, { workers: 1, idle: 0, running: 1, queued: 3 });
    controller.abort();
    Atomics.store(flags, 1, 1);
    await settled;
    assertEquals(pool.statistics(), {
      workers: 1,
      idle: 1,
      running: 0,
      queued: 0,
      completed: 2,
      failed: 1,
      cancelled: 1,
      runaway: 0,
    });
    const { wait, run } = pool.histograms();
    assertEquals([wait.count, run.count], [3, 3]);
    assert(run.p50 <= run.p99 && run.p99 <= run.max && run.mean <= run.max);
  });
});

test("a worker knows the name of its call and the path of the task that made it", async () => {
  await withPool({ size: 1 }, async (pool) => {
    assertEquals(await pool.run("whoAmI", []), { name: "whoAmI", task: "" });
    await group(async (g) => {
      const { name, task } = await g.spawn(() => pool.run("whoAmI", [], { name: "who" }), { name: "asker" });
      assertEquals(name, "who");
      assert(/^outer > asker#\d+$/.test(task), task);
    }, { name: "outer" });
  });
});
