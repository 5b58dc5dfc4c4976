/** map: order, laziness, closing of the iterator, failures. */

import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import { callback, Cancelled, group, moveOnAfter, TimeoutError } from "../../../../mod.ts";
import { errorOf, thrownBy } from "../../../support/errors.ts";
import { until } from "../../../support/within.ts";
import { countListeners, flagsOf, withPool } from "../pool_support.ts";
import { testWith } from "../../../support/needs.ts";

/** Numbers, with a count of what was pulled and how often the iterator was closed. */
function watched(count: number): { items: Iterable<number>; pulled: () => number; closed: () => number } {
  let pulled = 0;
  let closed = 0;
  const items = {
    [Symbol.iterator]: () => ({
      next: () => closed === 0 && pulled < count ? { done: false, value: pulled++ } : { done: true, value: undefined },
      return: () => {
        closed++;
        return { done: true, value: undefined };
      },
    }),
  } as Iterable<number>;
  return { items, pulled: () => pulled, closed: () => closed };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

test("map gives the results in order, of any iterable, and closes none that has come to its end", async () => {
  await withPool({ size: 2 }, async (pool) => {
    const { items, pulled, closed } = watched(5000);
    assertEquals(await pool.map("double", items), upTo(5000).map((n) => n * 2));
    assertEquals([pulled(), closed()], [5000, 0]);
    assertEquals(await pool.map("doubleLater", new Set([1, 2])), [2, 4]);
    assertEquals(await pool.map("double", []), []);
    // deno-lint-ignore no-sparse-arrays
    assertEquals(await pool.map("identity", [1, , 3]), [1, undefined, 3]);
    assertEquals(await pool.map("double", upTo(10), { chunk: 4 }), upTo(10).map((n) => n * 2));
    assertEquals((await pool.map("zeros", [4, 8])).map(({ byteLength }) => byteLength), [4, 8]);
    assert(pool.statistics().completed < 1000, `${pool.statistics().completed} messages`);
  });
});

test("the first error rejects as itself; the iterator is closed once, and pulled no more", async () => {
  await withPool({ size: 2 }, async (pool) => {
    const { items, pulled, closed } = watched(Infinity);
    const error = await errorOf(pool.map("oddFails", items, { limit: 2 }));
    assertInstanceOf(error, RangeError);
    assert(pulled() < 20, String(pulled()));
    const before = pulled();
    assertEquals(closed(), 1);
    assertEquals(await pool.run("add", [1, 2]), 3);
    assertEquals([pulled(), closed()], [before, 1]);
  });
});

testWith("shared memory", "long items go one by one, no more at once than the limit", async () => {
  await withPool({ size: 2 }, async (pool) => {
    const flags = flagsOf();
    const { items, pulled } = watched(6);
    const mapping = pool.map("later" as "double", items, { limit: 1 });
    assertEquals(pulled(), 1);
    assertEquals(await mapping, upTo(6));
    const first = watched(100);
    const controller = new AbortController();
    const held = pool.map("holdFlags" as "double", withFlags(first.items, flags), {
      limit: 2,
      signal: controller.signal,
    });
    await until(() => Atomics.load(flags, 0) === 2, "2 calls have started");
    assertEquals(first.pulled(), 2);
    controller.abort("enough");
    Atomics.store(flags, 1, 1);
    assertEquals(await errorOf(held), "enough");
    assertEquals([first.pulled(), first.closed()], [2, 1]);
  });
});

function* withFlags(items: Iterable<number>, flags: Int32Array): Generator<never> {
  for (const _ of items) yield flags as never;
}

test("an iterator that throws rejects the map with that and is not closed; one that throws in return() is ignored", async () => {
  await withPool({ size: 1 }, async (pool) => {
    let closed = 0;
    const own = new Error("of the iterator");
    const throwing = {
      [Symbol.iterator]: () => ({
        next(): IteratorResult<number> {
          throw own;
        },
        return: () => (closed++, { done: true as const, value: undefined }),
      }),
    };
    assertStrictEquals(await errorOf(pool.map("double", throwing)), own);
    assertEquals(closed, 0);
    const closing = {
      [Symbol.iterator]: () => ({
        next: () => ({ done: false as const, value: 1 }),
        return() {
          throw own;
        },
      }),
    };
    assertInstanceOf(await errorOf(pool.map("oddFails", closing)), RangeError);
  });
});

test("an unclonable item rejects with DataCloneError that names it, and stops the rest", async () => {
  await withPool({ size: 1 }, async (pool) => {
    const error = await errorOf(pool.map("identity", [1, { fn: () => 1 }, 3])) as DOMException;
    assertEquals(error.name, "DataCloneError");
    assert(error.message.includes("items[1].fn"), error.message);
    const transfer = { transfer: [new ArrayBuffer(1)] } as object;
    assertInstanceOf(thrownBy(() => pool.map("identity", [1], transfer)), TypeError);
    assertEquals(((await errorOf(pool.map("identity", [callback(() => 1)]))) as Error).name, "DataCloneError");
  });
});

testWith(
  "shared memory",
  "a cancelled scope throws Cancelled from map, closes the iterator once, and stops what runs",
  async () => {
    await withPool({ size: 1, teardownTimeout: 60_000 }, async (pool) => {
      const flags = flagsOf();
      const first = watched(100);
      await group(async (g) => {
        g.spawn(async () => {
          await until(() => Atomics.load(flags, 0) === 1, "the call has started");
          g.cancel();
        });
        const error = await errorOf(pool.map("spinUntilCancelled" as "double", withFlags(first.items, flags)));
        assertInstanceOf(error, Cancelled);
        throw error;
      });
      assertEquals([first.closed(), Atomics.load(flags, 1), pool.statistics().running], [1, 1, 0]);
      assertEquals(await moveOnAfter(0, () => pool.map("double", [1])), undefined);
    });
  },
);

test("timeout is about the whole map, and a signal leaves no listener", async () => {
  await withPool({ size: 1, teardownTimeout: 20 }, async (pool) => {
    await pool.warmUp();
    const { signal } = new AbortController();
    const listeners = countListeners(signal);
    const sleeps = pool.map("doze", upTo(1000), { timeout: 60, signal });
    const error = await errorOf(sleeps);
    assertInstanceOf(error, TimeoutError);
    assertEquals(error.timeout, 60);
    assertEquals(listeners(), 0);
    assertEquals(await pool.map("double", [1, 2], { signal, timeout: 60_000 }), [2, 4]);
    assertEquals(listeners(), 0);
  });
});

test("an iterator that aborts its own map is closed", async () => {
  await withPool({ size: 1 }, async (pool) => {
    const controller = new AbortController();
    let closed = false;
    function* items(): Generator<number> {
      try {
        yield 1;
        controller.abort("by itself");
        yield 2;
        yield 3;
      } finally {
        closed = true;
      }
    }
    assertEquals(await errorOf(pool.map("double", items(), { signal: controller.signal })), "by itself");
    assert(closed);
  });
});

testWith("shared memory", "in a pool with a queueLimit a map waits for room", async () => {
  await withPool({ size: 1, queueLimit: 0 }, async (pool) => {
    const flags = flagsOf();
    const holding = pool.run("holdUntil", [flags, 1]);
    const mapping = Promise.all([pool.map("double", upTo(100)), pool.map("double", upTo(100), { limit: 50 })]);
    Atomics.store(flags, 1, 1);
    await holding;
    assertEquals((await mapping).map(({ length }) => length), [100, 100]);
  });
});

test("a map that has begun is finished by a pool that closes", async () => {
  await withPool({ size: 1 }, async (pool) => {
    const mapping = pool.map("doze", upTo(6), { limit: 1 });
    await pool.close();
    assertEquals(await mapping, upTo(6));
  });
});

test("items of an async iterable are pulled as they are needed, and their results come in order", async () => {
  await withPool({ size: 2 }, async (pool) => {
    let pulled = 0;
    let most = 0;
    let ended = 0;
    async function* items(): AsyncGenerator<number> {
      try {
        for (let n = 0; n < 40; n++) {
          pulled++;
          most = Math.max(most, pulled - pool.statistics().completed);
          await Promise.resolve();
          yield n;
        }
      } finally {
        ended++;
      }
    }
    const expected = Array.from({ length: 40 }, (_, n) => n * 2);
    assertEquals(await pool.map("double", items(), { limit: 3 }), expected);
    assert(most <= 5, `${most} items were pulled ahead`);
    assertEquals(await pool.map("double", items(), { chunk: 7 }), expected);
    assertEquals(ended, 2);
  });
});

test("an async iterable is closed once when a call fails, and its own error is the map's", async () => {
  await withPool({ size: 1 }, async (pool) => {
    let ended = 0;
    async function* items(fails: boolean): AsyncGenerator<number> {
      try {
        for (let n = 0;; n++) {
          await Promise.resolve();
          if (fails && n === 3) throw new RangeError("no more items");
          yield n;
        }
      } finally {
        ended++;
      }
    }
    await errorOf(pool.map("oddFails", items(false)));
    await until(() => ended === 1, "the iterator has been closed");
    assertInstanceOf(await errorOf(pool.map("double", items(true))), RangeError);
    assertEquals(ended, 2);
    assertEquals(await pool.run("double", [2]), 4);
  });
});
