/** Workers that are replaced: because they have grown too large, or have served long enough. */

import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { group, PoolClosedError, WorkerPool } from "../../../../mod.ts";
import { errorOf } from "../../../support/errors.ts";
import { until } from "../../../support/within.ts";
import { flagsOf, module, type Tasks, withPool } from "../pool_support.ts";
import { testWith } from "../../../support/needs.ts";

const megabyte = 1024 * 1024;

testWith("memory of threads", "a worker that is too large after a call is replaced, and the pool goes on", async () => {
  await withPool({ size: 1, maxMemory: 200 * megabyte }, async (pool) => {
    const flags = flagsOf();
    assertEquals(await pool.run("threadNumber", [flags]), 1);
    assertEquals(await pool.run("grow", [50]), 1);
    assertEquals(await pool.run("threadNumber", [flags]), 1);
    assertEquals(pool.statistics().recycled, 0);
    assertEquals(await pool.run("grow", [300]), 2);
    // Bun tells of the memory a little later.
    await until(() => pool.statistics().recycled === 1, "the worker is replaced");
    assertEquals(await pool.run("threadNumber", [flags]), 2);
    const { recycled, completed, failed } = pool.statistics();
    assertEquals([recycled, completed, failed], [1, 5, 0]);
  });
});

testWith(
  "memory of threads",
  "calls sent ahead to a worker that grows too large run elsewhere, once, in order",
  async () => {
    await withPool({ size: 1, maxMemory: 200 * megabyte }, async (pool) => {
      await pool.warmUp();
      const order = flagsOf(64);
      const growing = pool.run("grow", [300]);
      const calls = Array.from({ length: 30 }, (_, n) => pool.run("note", [order, n]));
      assertEquals(await growing, 1);
      assertEquals(await Promise.all(calls), Array.from({ length: 30 }, (_, n) => n));
      assertEquals([...order.slice(0, 31)], [30, ...Array.from({ length: 30 }, (_, n) => n)]);
      await until(() => pool.statistics().recycled === 1, "the worker is replaced");
      assertEquals(pool.statistics().failed, 0);
    });
  },
);

test("a call that runs is never taken down by the recycling, and each call may cost a worker", async () => {
  // Every call is its worker's last.
  await withPool({ size: 2, maxCalls: 1 }, async (pool) => {
    const results = await group((g) =>
      Promise.all(Array.from({ length: 6 }, (_, n) => g.spawn(() => pool.run("doubleLater", [n]))))
    );
    assertEquals(results, [0, 2, 4, 6, 8, 10]);
    const values: number[] = [];
    for await (const value of pool.stream("numbers", [100])) values.push(value);
    assertEquals(values.length, 100);
    assertEquals(await pool.map("double", [1, 2, 3], { chunk: 1 }), [2, 4, 6]);
    await until(() => pool.statistics().workers === 0, "no worker is left");
    const { recycled, failed } = pool.statistics();
    assertEquals([recycled, failed], [10, 0]);
  });
});

testWith(
  "shared memory",
  "after maxCalls calls, failed ones too, a worker is replaced; never more run on one",
  async () => {
    await withPool({ size: 1, maxCalls: 3 }, async (pool) => {
      const flags = flagsOf();
      const threads = await Promise.all(Array.from({ length: 9 }, () => pool.run("threadNumber", [flags])));
      assertEquals(threads, [1, 1, 1, 2, 2, 2, 3, 3, 3]);
      assertEquals(await pool.run("threadNumber", [flags]), 4);
      await errorOf(pool.run("fails", ["string"]));
      assertEquals(await pool.run("threadNumber", [flags]), 4);
      assertEquals(await pool.run("threadNumber", [flags]), 5);
      assertEquals(pool.statistics().recycled, 4);
    });
  },
);

test("moved buffers reach the worker that takes the place of a spent one", async () => {
  await withPool({ size: 1, maxCalls: 1 }, async (pool) => {
    const sizes = await Promise.all([1, 2, 3].map((bytes) => {
      const buffer = new ArrayBuffer(bytes);
      return pool.run("sizeOf", [buffer], { transfer: [buffer] });
    }));
    assertEquals(sizes, [1, 2, 3]);
  });
});

test("a pool that closes while a worker is being replaced finishes its calls", async () => {
  const pool = new WorkerPool<Tasks>(module, { size: 1, maxCalls: 1 });
  const calls = Promise.all([1, 2, 3].map((n) => pool.run("later", [n, 1])));
  const closing = pool.close();
  assertEquals(await calls, [1, 2, 3]);
  await closing;
  assertInstanceOf(await errorOf(pool.run("add", [1, 2])), PoolClosedError);
  assertEquals(pool.statistics().workers, 0);
});

test("a wrong maxMemory or maxCalls is refused; without them nothing is said of recycling", () => {
  for (const options of [{ maxMemory: 0 }, { maxMemory: 1.5 }, { maxCalls: 0 }, { maxCalls: NaN }]) {
    assertThrows(() => new WorkerPool(module, options), RangeError);
  }
  assertThrows(() => new WorkerPool(module, { maxMemory: "1" as unknown as number }), TypeError);
  assert(!("recycled" in new WorkerPool(module).statistics()));
});
