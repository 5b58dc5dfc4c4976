/** Cheap calls that run in the thread that made them: all as in a worker. */

import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertStrictEquals, assertThrows } from "@std/assert";
import { Cancelled, group, PoolClosedError, WorkerPool, type WorkerPoolOptions } from "../../../../mod.ts";
import { errorOf, unhandledDuring } from "../../../support/errors.ts";
import { until, within } from "../../../support/within.ts";
import { currentJob } from "../../../../worker.ts";
import { countListeners, flagsOf, module, type Pool, type Tasks } from "../pool_support.ts";
import { testWith } from "../../../support/needs.ts";
import { inMacrotask } from "../../../support/macrotask.ts";

(globalThis as { testThread?: string }).testThread = "this thread";

/** A pool that runs whatever it knows here, however long it takes, so that no test depends on time. */
async function withInline(
  body: (pool: Pool) => Promise<void>,
  learn: (pool: Pool) => Promise<unknown>,
  options: WorkerPoolOptions = {},
): Promise<void> {
  const pool: Pool = new WorkerPool<Tasks>(module, { size: 1, inline: Infinity, teardownTimeout: 20, ...options });
  try {
    while (pool.statistics().inlined === 0) await learn(pool);
    await body(pool);
  } finally {
    await pool.close({ timeout: 0 });
  }
}

/** How many calls ran here while `body` ran. */
async function inlinedBy(pool: Pool, body: () => Promise<unknown>): Promise<number> {
  const before = pool.statistics().inlined!;
  await body();
  return pool.statistics().inlined! - before;
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

test("a function that is known to be cheap runs here; one that is not, and an asynchronous one, in a worker", async () => {
  await withInline(async (pool) => {
    const list = [1];
    assertEquals(await pool.run("whereAmI", [list]), { thread: "this thread", list: [1, 1] });
    assertEquals(list, [1]);
    assertEquals(await inlinedBy(pool, () => pool.run("add", [1, 2])), 0);
    for (let n = 0; n < 50; n++) await pool.run("doubleLater", [n]);
    assertEquals(await inlinedBy(pool, () => pool.run("doubleLater", [1])), 0);
  }, (pool) => pool.run("whereAmI", [[]]));
});

test("off by default; and nothing is loaded here, nor said of it", async () => {
  const pool = new WorkerPool<Tasks>(module, { size: 1 });
  for (let n = 0; n < 50; n++) await pool.run("add", [n, 1]);
  assertEquals((await pool.run("whereAmI", [[]])).thread, "a worker");
  assert(!("inlined" in pool.statistics()));
  await pool.close();
});

testWith("shared memory", "arguments and results are copies, moved buffers are moved, both ways", async () => {
  await withInline(async (pool) => {
    const inlined = await inlinedBy(pool, async () => {
      const given = { deep: [1, 2], map: new Map([["key", new Date(0)]]) };
      const result = await pool.run("mirror", [given]);
      assertEquals(result, given);
      assert(result !== given);
      const buffer = new ArrayBuffer(8);
      const call = pool.run("mirror", [buffer], { transfer: [buffer] });
      assertEquals(buffer.byteLength, 0);
      assertEquals((await call as ArrayBuffer).byteLength, 8);
      const error = await pool.run("mirror", [new RangeError("a result")]);
      assertInstanceOf(error, RangeError);
      assertEquals(error.message, "a result");
      const shared = flagsOf();
      assertStrictEquals((await pool.run("mirror", [shared]) as Int32Array).buffer instanceof SharedArrayBuffer, true);
    });
    assertEquals(inlined, 4);
  }, (pool) => pool.run("mirror", [1]));
  await withInline(async (pool) => {
    assertEquals((await pool.run("zeros", [16])).length, 16);
  }, (pool) => pool.run("zeros", [1]));
});

test("errors come through the codec, and what cannot be cloned rejects the call alone", async () => {
  await withInline(async (pool) => {
    const inlined = await inlinedBy(pool, async () => {
      const own = await errorOf(pool.run("fails", ["own"])) as Error & { code: string; extra: unknown };
      assertEquals([own.name, own.code, own.extra, own.constructor.name], [
        "OwnError",
        "E_OWN",
        { deep: [1, 2] },
        "OwnError",
      ]);
      const { OwnError } = await import("../tasks.ts");
      assert(!(own instanceof OwnError));
      assertStrictEquals(await errorOf(pool.run("fails", ["undefined"])), undefined);
      assertInstanceOf(await errorOf(pool.run("fails", ["function"])), Error);
      assertEquals("fn" in (await errorOf(pool.run("fails", ["unclonable property"])) as object), false);
    });
    assertEquals(inlined, 4);
  }, (pool) => errorOf(pool.run("fails", ["string"])));
  await withInline(async (pool) => {
    for (const kind of ["field", "function", "generator", "detached"] as const) {
      assertEquals((await errorOf(pool.run("unclonable", [kind])) as Error).name, "DataCloneError");
    }
  }, (pool) => errorOf(pool.run("unclonable", ["symbol"])));
});

testWith(
  "shared memory",
  "each call has a turn of its own, after the code that made it, in order of priority",
  async () => {
    await withInline(async (pool) => {
      const order = flagsOf(64);
      const calls = numbers(5).map((n) => pool.run("note", [order, n], { priority: "background" }));
      calls.push(pool.run("note", [order, 5], { priority: "user-blocking" }));
      assertEquals(order[0], 0);
      let turns = 0;
      inMacrotask(() => turns = order[0]!);
      await Promise.all(calls);
      assertEquals([...order.slice(1, 7)], [5, 0, 1, 2, 3, 4]);
      assert(turns <= 6);
    }, (pool) => pool.run("note", [flagsOf(1000), 0]));
  },
);

test("of many calls made at once only a few run here: the others share the way to a worker", async () => {
  await withInline(async (pool) => {
    const inlined = await inlinedBy(pool, async () => {
      const calls = numbers(100).map((n) => pool.run("mirror", [n]));
      assertEquals(await Promise.all(calls), numbers(100));
    });
    assertEquals(inlined, 8);
  }, (pool) => pool.run("mirror", [1]));
});

testWith(
  "async context",
  "an abort, a cancelled scope and a closing pool stop a call before its turn, and it never runs",
  async () => {
    await withInline(async (pool) => {
      const counts = flagsOf();
      const controller = new AbortController();
      const listeners = countListeners(controller.signal);
      const call = errorOf(pool.run("count", [counts], { signal: controller.signal }));
      controller.abort("stop");
      assertEquals(await call, "stop");
      assertEquals(listeners(), 0);
      await group(async (g) => {
        const inner = g.spawn(() => pool.run("count", [counts]));
        await Promise.resolve();
        g.cancel();
        assertInstanceOf(await errorOf(inner), Cancelled);
      });
      const last = errorOf(pool.run("count", [counts]));
      await pool.close({ timeout: 0 });
      assertInstanceOf(await last, PoolClosedError);
      assertEquals(Atomics.load(counts, 0), 0);
    }, (pool) => pool.run("count", [flagsOf()]));
  },
);

test("currentJob(), progress and signals among the arguments work as in a worker", async () => {
  await withInline(async (pool) => {
    const inlined = await inlinedBy(pool, async () => {
      assertEquals(await pool.run("whoAmI", [], { name: "who" }), { name: "who", task: "" });
      await group(async (g) => {
        assert(/^outer > asker#\d+$/.test((await g.spawn(() => pool.run("whoAmI", []), { name: "asker" })).task));
      }, { name: "outer" });
    });
    assertEquals(inlined, 2);
  }, (pool) => pool.run("whoAmI", []));
  await withInline(async (pool) => {
    const seen: unknown[] = [];
    assertEquals(await pool.run("progressing", [3], { onProgress: (value) => void seen.push(value) }), "done");
    assertEquals(seen, [1, 2, 3]);
    const error = new Error("the caller's");
    const failing = pool.run("progressing", [3], {
      onProgress: () => {
        throw error;
      },
    });
    assertStrictEquals(await errorOf(failing), error);
  }, (pool) => pool.run("progressing", [1]));
  await withInline(async (pool) => {
    assertEquals(await pool.run("abortedReason", [AbortSignal.abort("early")]), "early");
  }, (pool) => pool.run("abortedReason", [new AbortController().signal]));
});

testWith(
  "shared memory",
  "a call that turns out to be asynchronous goes on here, alone, and is the last of its function",
  async () => {
    await withInline(async (pool) => {
      const flags = flagsOf();
      const controller = new AbortController();
      const listeners = countListeners(controller.signal);
      const call = errorOf(pool.run("perhapsLater", [flags, true], { signal: controller.signal }));
      const behind = pool.run("perhapsLater", [flags, false]);
      await until(() => Atomics.load(flags, 0) === 1, "the call has started");
      assertEquals(pool.statistics().running >= 1, true);
      assertEquals(await behind, "at once");
      controller.abort("stop");
      assertEquals(await call, "stop");
      await until(() => Atomics.load(flags, 1) !== 0, "the call has ended");
      assertEquals(Atomics.load(flags, 1), 1);
      assertEquals(await inlinedBy(pool, () => pool.run("perhapsLater", [flags, false])), 0);
      assertEquals([listeners(), pool.statistics().running], [0, 0]);
    }, (pool) => pool.run("perhapsLater", [flagsOf(), false]));
  },
);

testWith(
  "async context",
  "one that does not heed its abort is given up after teardownTimeout: its group ends",
  async () => {
    await withInline(async (pool) => {
      await group(async (g) => {
        const task = g.spawn(() => pool.run("never", [true]));
        await until(() => pool.statistics().running === 1, "the call runs");
        g.cancel();
        assertInstanceOf(await errorOf(task), Cancelled);
      });
      assertEquals([pool.statistics().running, pool.statistics().cancelled], [0, 1]);
      assertEquals(await pool.run("add", [1, 2]), 3);
    }, (pool) => pool.run("never", [false]));
  },
);

test("of several that go on here none is lost: each can be given up, and close() ends", async () => {
  await withInline(async (pool) => {
    const calls = numbers(3).map(() => errorOf(pool.run("never", [true], { transfer: [new ArrayBuffer(1)] })));
    await until(() => pool.statistics().inlined! > 2 && pool.statistics().running === 3, "the calls run");
    await within(pool.close({ timeout: 0 }), "the pool has closed");
    for (const call of calls) assertInstanceOf(await call, PoolClosedError);
  }, (pool) => pool.run("never", [false]));
});

testWith(
  "async context",
  "calls that go on here at once, of several pools, are each the current one in their own code, and of no other",
  async () => {
    await withInline(async (pool) => {
      await withInline(async (other) => {
        const calls = [
          pool.run("namesAround", [20], { name: "first" }),
          other.run("namesAround", [10], { name: "second" }),
        ];
        await until(() => pool.statistics().running + other.statistics().running === 2, "both run");
        assertEquals(await Promise.all(calls), ["first first", "second second"]);
        assertThrows(currentJob, Error, "outside");
        const given = errorOf(other.run("never", [true]));
        await until(() => other.statistics().running === 1, "it runs");
        await within(other.close({ timeout: 0 }), "the pool has closed");
        assertInstanceOf(await given, PoolClosedError);
        assertThrows(currentJob, Error, "outside");
      }, async (other) => {
        await other.run("namesAround", [0]);
        await other.run("never", [false]);
      });
    }, (pool) => pool.run("namesAround", [0]));
  },
);

test("those who wait for room are let in when a call has ended here", async () => {
  await withInline(
    async (pool) => {
      const order: number[] = [];
      await group((g) => {
        for (let n = 0; n < 12; n++) {
          g.spawn(async () => {
            await pool.room();
            order.push(n);
            assertEquals(await pool.run("mirror", [n]), n);
          });
        }
      });
      assertEquals(order, numbers(12));
    },
    (pool) => pool.run("mirror", [1]),
    { queueLimit: 1 },
  );
});

test("streams, maps and calls with a runTimeout stay with the workers", async () => {
  await withInline(async (pool) => {
    const inlined = await inlinedBy(pool, async () => {
      assertEquals(await pool.map("double", numbers(100)), numbers(100).map((n) => n * 2));
      assertEquals(await pool.run("double", [1], { runTimeout: 10_000 }), 2);
    });
    assertEquals(inlined, 0);
  }, (pool) => pool.run("double", [1]));
});

testWith("shared memory", "a call does not go past those that wait for a worker", async () => {
  await withInline(async (pool) => {
    const flags = flagsOf();
    const order = flagsOf(64);
    const holding = pool.run("holdUntil", [flags, 1]);
    await until(() => Atomics.load(flags, 0) === 1, "the call has started");
    const waiting = numbers(4).map(() => pool.run("add", [1, 2]));
    assertEquals(
      await inlinedBy(pool, () => {
        const call = pool.run("note", [order, 1]);
        Atomics.store(flags, 1, 1);
        return call;
      }),
      0,
    );
    await Promise.all([holding, ...waiting]);
  }, (pool) => pool.run("note", [flagsOf(1000), 0]));
});

test("a module that cannot be loaded here is reported, once, and its calls stay with the workers", async () => {
  type Only = typeof import("../programs/only_in_workers.ts");
  const pool = new WorkerPool<Only>(new URL("../programs/only_in_workers.ts", import.meta.url), {
    size: 1,
    inline: Infinity,
  });
  const reported = await unhandledDuring(async (reported) => {
    try {
      for (let n = 0; reported.length === 0 && n < 10_000; n++) await pool.run("one", []);
      for (let n = 0; n < 50; n++) assertEquals(await pool.run("one", []), 1);
      assertEquals([reported.length, pool.statistics().inlined], [1, 0]);
    } finally {
      await pool.close();
    }
  });
  assert(String(reported[0]).includes("not in a worker"));
});

test("a wrong inline is refused, and so is what only a thread could have", () => {
  const make = (options: object) => () => new WorkerPool(module, options);
  for (const inline of ["yes", null, {}]) assertThrows(make({ inline }), TypeError);
  for (const inline of [-1, NaN]) assertThrows(make({ inline }), RangeError);
  assertThrows(make({ inline: true, workerData: 1 }), TypeError);
  make({ inline: false, workerData: 1 })();
});
