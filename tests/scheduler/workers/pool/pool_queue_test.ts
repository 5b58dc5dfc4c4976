/** Which call goes next, and what happens when the queue is full. */

import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { group, moveOnAfter, QueueFullError } from "../../../../mod.ts";
import { errorOf } from "../../../support/errors.ts";
import { until } from "../../../support/within.ts";
import { flagsOf, withPool } from "../pool_support.ts";
import { testWith } from "../../../support/needs.ts";

testWith(
  "shared memory",
  "higher priorities go first, FIFO within one, and at most two calls sent ahead go before",
  async () => {
    await withPool({ size: 1 }, async (pool) => {
      const [flags, order] = [flagsOf(), flagsOf(64)];
      const holding = pool.run("holdUntil", [flags, 1]);
      await until(() => Atomics.load(flags, 0) === 1, "the call has started");
      const calls: Promise<number>[] = [];
      for (let n = 0; n < 10; n++) calls.push(pool.run("note", [order, n], { priority: "background" }));
      for (let n = 10; n < 15; n++) calls.push(pool.run("note", [order, n]));
      for (let n = 15; n < 20; n++) calls.push(pool.run("note", [order, n], { priority: "user-blocking" }));
      Atomics.store(flags, 1, 1);
      await Promise.all([holding, ...calls]);
      const seen = [...order.slice(1, 21)];
      for (const [from, to] of [[0, 10], [10, 15], [15, 20]] as const) {
        assertEquals(seen.filter((n) => n >= from && n < to), Array.from({ length: to - from }, (_, n) => from + n));
      }
      const early = seen.slice(0, seen.indexOf(15));
      assert(early.length <= 2, `before the first urgent call: ${early}`);
    });
  },
);

testWith("shared memory", "a task's priority is its calls' priority", async () => {
  await withPool({ size: 1 }, async (pool) => {
    const [flags, order] = [flagsOf(), flagsOf(16)];
    const holding = pool.run("holdUntil", [flags, 1]);
    await until(() => Atomics.load(flags, 0) === 1, "the call has started");
    await group(async (g) => {
      const ordinary = [0, 1, 2, 3].map((n) => pool.run("note", [order, n]));
      const urgent = g.spawn(() => pool.run("note", [order, 9]), { priority: "user-blocking" });
      await until(() => pool.statistics().queued === 5, "five calls wait");
      Atomics.store(flags, 1, 1);
      await Promise.all([holding, urgent, ...ordinary]);
    });
    assert(order.indexOf(9) <= 3, `${order}`);
  });
});

testWith(
  "shared memory",
  "a full queue refuses with QueueFullError; with queueLimit 0 only free or new workers get work",
  async () => {
    await withPool({ size: 2, queueLimit: 1 }, async (pool) => {
      const flags = flagsOf();
      const calls = [1, 2, 3].map(() => pool.run("holdUntil", [flags, 1]));
      const error = await errorOf(pool.run("add", [1, 2]));
      assertInstanceOf(error, QueueFullError);
      assertEquals(error.limit, 1);
      Atomics.store(flags, 1, 1);
      await Promise.all(calls);
      assertEquals(await pool.run("add", [1, 2]), 3);
    });
    await withPool({ size: 1, queueLimit: 0 }, async (pool) => {
      const flags = flagsOf();
      const holding = pool.run("holdUntil", [flags, 1]);
      assertInstanceOf(await errorOf(pool.run("add", [1, 2])), QueueFullError);
      Atomics.store(flags, 1, 1);
      await holding;
      assertEquals(await pool.run("add", [1, 2]), 3);
    });
  },
);

testWith(
  "shared memory",
  "room() waits until a call would be taken, lets one in at a time, in order, and is a checkpoint",
  async () => {
    await withPool({ size: 1, queueLimit: 1 }, async (pool) => {
      const order: number[] = [];
      await group((g) => {
        for (let n = 0; n < 12; n++) {
          g.spawn(async () => {
            await pool.room();
            order.push(n);
            await pool.run("later", [n, 1]);
          });
        }
      });
      assertEquals(order, Array.from({ length: 12 }, (_, n) => n));
      const flags = flagsOf();
      const calls = [1, 2].map(() => pool.run("holdUntil", [flags, 1]));
      assertEquals(await moveOnAfter(5, () => pool.room().then(() => "let in")), undefined);
      Atomics.store(flags, 1, 1);
      await Promise.all(calls);
      await pool.room();
    });
  },
);

test("calls made by callbacks, and by the reader of a stream, cannot deadlock", async () => {
  const { callback } = await import("../../../../mod.ts");
  await withPool({ size: 1 }, async (pool) => {
    const nested = callback((n: number) => pool.run("add", [n, 1]));
    assertEquals(await pool.run("callsBack", [nested, 3]), 9);
    let sum = 0;
    for await (const n of pool.stream("numbers", [300])) sum += await pool.run("add", [n, 1]);
    assertEquals(sum, 300 * 301 / 2);
    await until(() => pool.statistics().workers <= 1, "at most one worker is left");
  });
});
