/** What other worker pools were found to get wrong. */

import { AsyncLocalStorage } from "node:async_hooks";
import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import { callback, WorkerExitError, WorkerPool } from "../../../../mod.ts";
import { run } from "../../../support/child.ts";
import { errorOf, thrownBy, unhandledDuring } from "../../../support/errors.ts";
import { strayRejections } from "../../../support/stray.ts";
import { until } from "../../../support/within.ts";
import { countListeners, flagsOf, tellsExit } from "../pool_support.ts";
import { patchThreads } from "../threads_support.ts";
import { testWith } from "../../../support/needs.ts";
import { thisHost } from "../../../support/this_host.ts";

type Tasks = typeof import("../odd_tasks.ts");
type Pool = WorkerPool<Tasks>;
const module = new URL("../odd_tasks.ts", import.meta.url);

async function withPool(body: (pool: Pool) => Promise<void>, teardownTimeout = 60_000, size = 1): Promise<void> {
  const pool: Pool = new WorkerPool<Tasks>(module, { size, teardownTimeout });
  try {
    await body(pool);
  } finally {
    await pool.close({ timeout: 0 });
  }
}

/** Is a thread noticed that goes on? Browsers stop every one, and are believed. */
const isNoticed = thisHost() !== "browser";

const program = (name: string): string => new URL(`../programs/${name}.ts`, import.meta.url).pathname;

test("very large arguments and results, many at once, arrive", async () => {
  await withPool(async (pool) => {
    const long = "x".repeat(1 << 22);
    const counts = await Promise.all(Array.from({ length: 12 }, () => pool.run("characters", [long])));
    assertEquals(counts, new Array(12).fill(1 << 22));
    const texts = await Promise.all([1, 2, 3].map((n) => pool.run("manyCharacters", [n << 22])));
    assertEquals(texts.map(({ length }) => length), [1 << 22, 2 << 22, 3 << 22]);
    const items = Array.from({ length: 100_000 }, (_, n) => ({ n, text: `number ${n}` }));
    assertEquals((await pool.run("echo", [items]) as unknown[]).length, 100_000);
  });
});

testWith(
  "shared memory",
  "a message that cannot be read rejects the call it belongs to, and the next one works",
  async () => {
    const { threads, restore } = patchThreads();
    try {
      await withPool(async (pool) => {
        const flags = flagsOf();
        const call = errorOf(pool.run("listens", ["resolves", flags]));
        await until(() => Atomics.load(flags, 0) === 1, "the call has started");
        threads[0]!.failToRead();
        const error = await call;
        assertInstanceOf(error, WorkerExitError);
        assertInstanceOf(error.cause, Error);
        assertEquals(await pool.run("arrow", [1]), 2);
      });
    } finally {
      restore();
    }
  },
);

testWith(
  "shared memory",
  "an abort listener that fails takes its worker down, and nobody else; one that works keeps it",
  async () => {
    for (const kind of ["throws", "rejects", "resolves"] as const) {
      await withPool(async (pool) => {
        const flags = flagsOf();
        assertEquals(await pool.run("threadNumber", [flags]), 1);
        const controller = new AbortController();
        const call = pool.run("listens", [kind, flags], { signal: controller.signal });
        await until(() => Atomics.load(flags, 0) === 1, "the call has started");
        controller.abort("stop");
        const next = pool.run("threadNumber", [flags]);
        assertEquals(await errorOf(call), "stop");
        assertEquals([kind, await next], [kind, kind === "resolves" ? 1 : 2]);
        assertEquals(pool.statistics().cancelled, 1);
      });
    }
  },
);

test("an abort after the call has settled does nothing, and there is no listener to hear it", async () => {
  await withPool(async (pool) => {
    const controller = new AbortController();
    const listeners = countListeners(controller.signal);
    assertEquals(await pool.run("arrow", [1], { signal: controller.signal }), 2);
    assertEquals(await pool.map("arrow", [1, 2], { signal: controller.signal }), [2, 3]);
    for await (const _ of pool.stream("countsLater", [3], { signal: controller.signal })) { /* read */ }
    assertEquals(listeners(), 0);
    controller.abort();
    assertEquals(pool.statistics().cancelled, 0);
  });
});

testWith("shared memory", "a thread that will not end is given up after a second, and that is told", async () => {
  const { threads, restore } = patchThreads();
  try {
    const told = await unhandledDuring(async () => {
      const pool: Pool = new WorkerPool<Tasks>(module, { size: 1, teardownTimeout: 0 });
      const flags = flagsOf();
      const call = errorOf(pool.run("spin", [flags]));
      await until(() => Atomics.load(flags, 0) === 1, "the call has started");
      threads[0]!.immortal = true;
      const closing = pool.close({ timeout: 0 });
      await call;
      await closing;
      assertEquals([pool.statistics().workers, pool.statistics().runaway], [0, isNoticed ? 1 : 0]);
    });
    if (!isNoticed) return assertEquals(told, []);
    assertEquals(told.length, 1);
    assert(
      /did not end within 1000 ms of its termination, and goes on with spin/.test(String(told[0])),
      String(told[0]),
    );
  } finally {
    restore();
    for (const thread of threads) thread.kill();
  }
});

testWith("shared memory", "messages to a worker that is being terminated go nowhere, and harm nothing", async () => {
  await withPool(
    async (pool) => {
      const flags = flagsOf();
      const argument = new AbortController();
      const controller = new AbortController();
      let answer!: (value: number) => void;
      const asked = new Promise<void>((resolve) => {
        const fn = callback((_: number) => {
          resolve();
          return new Promise<number>((settle) => answer = settle);
        });
        const call = pool.run("asks", [fn, flags], { signal: controller.signal });
        call.catch(() => {});
      });
      await asked;
      const live = errorOf(pool.run("echo", [argument.signal]));
      const stray = await strayRejections(() => {
        controller.abort("stop");
        answer(1);
        argument.abort("argument");
      });
      assertEquals(stray, []);
      await live;
      assertEquals(await pool.run("arrow", [1]), 2);
      const stream = pool.stream("countsLater", [1_000_000], { highWaterMark: 2 });
      await stream.next();
      const ended = pool.close({ timeout: 0 });
      await stream.next().catch(() => {});
      await stream.return!();
      await ended;
    },
    0,
  );
});

testWith("programs", "a busy worker ends with the process, when that exits and when it is killed", async () => {
  const exits = await run(program("dies"), ["exits"]);
  assertEquals(exits.code, 3, exits.stderr);
  const killed = await run(program("dies"), ["is killed"]);
  assertEquals(killed.signal, "SIGKILL", killed.stderr);
});

testWith("programs", "what a worker prints is printed, though it waits for calls or is ended", async () => {
  const { code, stdout, stderr } = await run(program("says"));
  const lines = Array.from({ length: 20 }, (_, n) => `line ${n} of the worker`);
  assertEquals([code, stdout.trim().split("\n").sort()], [0, [...lines, "end of the program"].sort()], stderr);
});

testWith(
  "Node's modules",
  "to move a small Buffer, which lies in memory that all of them share, is refused",
  async () => {
    const { Buffer } = await import("node:buffer");
    await withPool(async (pool) => {
      const small = Buffer.from("small");
      const other = Buffer.from("other");
      if (small.buffer.byteLength === small.byteLength) {
        // Bun gives each a memory of its own.
        assertEquals(await pool.run("sizes", [small], { transfer: [small.buffer as ArrayBuffer] }), [5]);
        return assertEquals([small.byteLength, other.toString()], [0, "other"]);
      }
      const error = thrownBy(() => pool.run("sizes", [small], { transfer: [small.buffer as ArrayBuffer] })) as Error;
      assertEquals(error.name, "DataCloneError");
      assertEquals([small.toString(), other.toString()], ["small", "other"]);
      assertEquals(await pool.run("sizes", [small, other]), [5, 5]);
      const whole = Buffer.alloc(100_000);
      assertEquals(await pool.run("sizes", [whole], { transfer: [whole.buffer as ArrayBuffer] }), [100_000]);
      assertEquals(((await errorOf(pool.run("givesSmallBuffer", [true]))) as Error).name, "DataCloneError");
      assertEquals((await pool.run("givesSmallBuffer", [false])).byteLength, 5);
    });
  },
);

testWith("async context", "whatever of the caller's is called is called in the caller's async context", async () => {
  const store = new AsyncLocalStorage<string>();
  const seen: Record<string, string | undefined> = {};
  await withPool(async (pool) => {
    const controller = new AbortController();
    const flags = flagsOf();
    function* items(): Generator<number> {
      for (let n = 0; n < 200; n++) {
        seen[`item ${n < 10 ? n : "later"}`] = store.getStore();
        yield n;
      }
    }
    const calls = ["one", "two"].map((name) =>
      store.run(name, () => pool.run("arrow", [1]).then(() => seen[`then of ${name}`] = store.getStore()))
    );
    await Promise.all(calls);
    await store.run("mapper", () => pool.map("arrow", items(), { limit: 1, chunk: 1 }));
    const asking = store.run("asker", () =>
      pool.run("asks", [
        callback((n: number) => {
          seen["callback"] = store.getStore();
          if (n === 3) controller.abort();
          return n;
        }),
        flags,
      ], { signal: controller.signal }).catch(() => seen["catch"] = store.getStore()));
    await asking;
    await store.run("reader", async () => {
      for await (const _ of pool.stream("countsLater", [3])) seen["loop"] = store.getStore();
    });
  });
  assertEquals([seen["then of one"], seen["then of two"]], ["one", "two"]);
  const items = Object.keys(seen).filter((key) => key.startsWith("item"));
  assertEquals(items.map((key) => seen[key]), items.map(() => "mapper"));
  assertEquals([seen["callback"], seen["catch"], seen["loop"]], ["asker", "asker", "reader"]);
});

test("two calls at once to a pool that has not started both succeed, the module's top level waited for", async () => {
  await withPool(
    async (pool) => {
      const calls = [pool.run("topLevel", []), pool.run("topLevel", []), pool.run("arrow", [1])];
      assertEquals(await Promise.all<unknown>(calls), ["loaded", "loaded", 2]);
    },
    60_000,
    2,
  );
});

test("a stream whose worker exits gives what came before, then the error, once", async () => {
  await withPool(async (pool) => {
    const stream = pool.stream("exitsAfter", [3]);
    const seen: number[] = [];
    const error = await errorOf((async () => {
      for await (const n of stream) seen.push(n);
    })());
    assertInstanceOf(error, WorkerExitError);
    if (tellsExit) assertEquals(error.exitCode, 4);
    assertEquals(seen, [0, 1, 2]);
    assertEquals((await stream.next()).done, true);
    assertEquals(await pool.run("arrow", [1]), 2);
    assertEquals(pool.statistics().failed, 1);
  });
});

testWith(
  "shared memory",
  "a stream that is aborted in the midst of large values runs its finally and frees the worker",
  async () => {
    await withPool(async (pool) => {
      const flags = flagsOf();
      const controller = new AbortController();
      const stream = pool.stream("chunks", [1 << 20, flags], { signal: controller.signal, highWaterMark: 3 });
      assertEquals((await stream.next()).value!.byteLength, 1 << 20);
      controller.abort("stop");
      assertStrictEquals(await errorOf(stream.next()), "stop");
      assertEquals(Atomics.load(flags, 0), 1);
      assertEquals(await pool.run("arrow", [1]), 2);
    });
  },
);
