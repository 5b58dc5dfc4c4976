/** Streams of values from a worker: back-pressure, ends of every kind, cancellation. */

import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import { Cancelled, CancelScope, group, PoolClosedError, sleep, TimeoutError, WorkerPool } from "../../../../mod.ts";
import { errorOf } from "../../../support/errors.ts";
import { until, within } from "../../../support/within.ts";
import { countListeners, flagsOf, module, type Pool, type Tasks, withPool } from "../pool_support.ts";
import { testWith } from "../../../support/needs.ts";

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

test("a stream gives every value in order, from generators of both kinds, and ends", async () => {
  await withPool({ size: 1 }, async (pool) => {
    const seen: number[] = [];
    for await (const n of pool.stream("numbers", [1000])) seen.push(n);
    assertEquals(seen, upTo(1000));
    const stream = pool.stream("numbers", [1]);
    assertEquals(await stream.next(), { done: false, value: 0 });
    assertEquals(await stream.next(), { done: true, value: undefined });
    assertEquals(await stream.next(), { done: true, value: undefined });
  });
});

testWith(
  "shared memory",
  "the job starts at the first next(), and a stream that is never read runs nothing",
  async () => {
    await withPool({ size: 1 }, async (pool) => {
      const flags = flagsOf();
      const stream = pool.stream("numbers", [10, flags]);
      assertEquals(pool.statistics().workers, 0);
      assertEquals(await stream.return!(), { done: true, value: undefined });
      assertEquals(await stream.next(), { done: true, value: undefined });
      assertEquals(pool.statistics().workers, 0);
      pool.stream("numbers", [10]);
      assertEquals(pool.statistics().queued, 0);
    });
  },
);

testWith("shared memory", "the source is never further ahead than highWaterMark", async () => {
  await withPool({ size: 1 }, async (pool) => {
    for (const highWaterMark of [1, 4]) {
      const flags = flagsOf();
      const stream = pool.stream("numbers", [100, flags], { highWaterMark });
      for (let n = 0; n < 20; n++) {
        assertEquals((await stream.next()).value, n);
        assert(Atomics.load(flags, 0) <= n + highWaterMark, `${Atomics.load(flags, 0)} at ${n}`);
      }
      await stream.return!();
      assertEquals(Atomics.load(flags, 1), 1);
    }
  });
});

test("several next() at once are answered in order, also when the stream ends under them", async () => {
  await withPool({ size: 1 }, async (pool) => {
    const stream = pool.stream("numbers", [3]);
    const steps = await Promise.all([1, 2, 3, 4, 5].map(() => stream.next()));
    assertEquals(steps.map(({ value }) => value), [0, 1, 2, undefined, undefined]);
    const other = pool.stream("endless", []);
    await other.next();
    const pending = [other.next(), other.next()];
    await other.return!();
    for (const step of await Promise.all(pending)) assert(step.done || typeof step.value === "number");
  });
});

testWith(
  "shared memory",
  "leaving the loop early runs the source's finally before the loop is over, and frees the worker",
  async () => {
    await withPool({ size: 1 }, async (pool) => {
      const flags = flagsOf();
      for await (const n of pool.stream("numbers", [1_000_000, flags])) if (n === 5) break;
      assertEquals(Atomics.load(flags, 1), 1);
      assertEquals(pool.statistics().running, 0);
    });
  },
);

test("a failure comes after the values before it, once", async () => {
  await withPool({ size: 1 }, async (pool) => {
    const stream = pool.stream("failing", [3]);
    for (const n of [0, 1, 2]) assertEquals((await stream.next()).value, n);
    assertInstanceOf(await errorOf(stream.next()), RangeError);
    assertEquals(await stream.next(), { done: true, value: undefined });
    assertInstanceOf(await errorOf(pool.stream("add" as "numbers", [1]).next()), TypeError);
    assertInstanceOf(await errorOf(pool.stream("missing" as "numbers", [1]).next()), TypeError);
    const bad = pool.stream("unclonableStream", []);
    assertEquals((await bad.next()).value, 1);
    assertEquals(((await errorOf(bad.next())) as Error).name, "DataCloneError");
  });
});

test("close() ends a stream that nobody reads, and finishes one that is read", async () => {
  const pool: Pool = new WorkerPool<Tasks>(module, { size: 1, teardownTimeout: 10 });
  const left = pool.stream("numbers", [1_000_000]);
  const reading = pool.stream("numbers", [1000], { highWaterMark: 1 });
  await left.next();
  await reading.next();
  const closing = within(pool.close(), "the pool has closed");
  let read = 1;
  for await (const _ of reading) read++;
  assertEquals(read, 1000);
  await closing;
  assertInstanceOf(await errorOf(left.next()), PoolClosedError);
});

test("a stream moves buffers", async () => {
  await withPool({ size: 1 }, async (pool) => {
    const seen: number[] = [];
    for await (const array of pool.stream("buffers", [3])) seen.push(array[0]!);
    assertEquals(seen, [0, 1, 2]);
  });
});

testWith(
  "shared memory",
  "cancelled while it waits in next(), the reader is told at once and the group waits for the source",
  async () => {
    await withPool({ size: 1, teardownTimeout: 60_000 }, async (pool) => {
      const flags = flagsOf();
      await group(async (g) => {
        g.spawn(async () => {
          await until(() => Atomics.load(flags, 0) === 1, "the call has started");
          g.cancel();
        });
        const stream = pool.stream("stuck", [flags]);
        const error = await errorOf(stream.next());
        assertInstanceOf(error, Cancelled);
        throw error;
      });
      assertEquals(Atomics.load(flags, 1), 1);
      assertEquals(pool.statistics().running, 0);
    });
  },
);

testWith(
  "async context",
  "cancelled while the reader does something else, the source is ended all the same",
  async () => {
    await withPool({ size: 1 }, async (pool) => {
      const flags = flagsOf();
      const scope = new CancelScope();
      await scope.run(async () => {
        const stream = pool.stream("numbers", [1_000_000, flags]);
        await stream.next();
        scope.cancel();
        await sleep(60_000);
      });
      await until(() => pool.statistics().running === 0, "no call runs");
      assertEquals(Atomics.load(flags, 1), 1);
    });
  },
);

testWith("shared memory", "a stream that is left half read is ended with the scope that began it", async () => {
  await withPool({ size: 1 }, async (pool) => {
    const flags = flagsOf();
    await group(async (g) => {
      await g.spawn(async () => {
        await pool.stream("numbers", [1_000_000, flags]).next();
      });
    });
    assertEquals(Atomics.load(flags, 1), 1);
    assertEquals(pool.statistics().running, 0);
  });
});

testWith(
  "shared memory",
  "an aborted signal is thrown as it is, after the source's finally, and leaves no listener",
  async () => {
    await withPool({ size: 1 }, async (pool) => {
      const flags = flagsOf();
      const controller = new AbortController();
      const listeners = countListeners(controller.signal);
      const stream = pool.stream("numbers", [1_000_000, flags], { signal: controller.signal });
      await stream.next();
      const reason = { own: "reason" };
      controller.abort(reason);
      assertStrictEquals(await errorOf(stream.next()), reason);
      assertEquals(Atomics.load(flags, 1), 1);
      assertEquals(listeners(), 0);
      assertEquals((await stream.next()).done, true);
      assertStrictEquals(await errorOf(pool.stream("numbers", [1], { signal: controller.signal }).next()), reason);
    });
  },
);

testWith("shared memory", "a stream has timeouts like any call", async () => {
  await withPool({ size: 1, teardownTimeout: 20 }, async (pool) => {
    const stream = pool.stream("stuck", [flagsOf()], { timeout: 50 });
    assertInstanceOf(await errorOf(stream.next()), TimeoutError);
  });
});

testWith(
  "shared memory",
  "a source that pays no heed is terminated after teardownTimeout, and the iteration ends then",
  async () => {
    await withPool({ size: 1, teardownTimeout: 20 }, async (pool) => {
      const flags = flagsOf();
      const stream = pool.stream("stubborn", [flags]);
      assertEquals((await stream.next()).value, 1);
      assertEquals((await stream.return!()).done, true);
      assertEquals(await pool.run("add", [1, 2]), 3);
    });
  },
);
