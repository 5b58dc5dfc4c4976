/** What a function does in its worker with the library's own waits, and at its worker's end. */

import { test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { WorkerPool, type WorkerPoolOptions } from "../../../../mod.ts";
import { onClose } from "../../../../worker.ts";
import { errorOf, unhandledDuring } from "../../../support/errors.ts";
import { testWith } from "../../../support/needs.ts";
import { until, withinTest } from "../../../support/within.ts";
import { flagsOf } from "../pool_support.ts";

type Waits = typeof import("../programs/waits.ts");
const module = new URL("../programs/waits.ts", import.meta.url);

async function withWaits(options: WorkerPoolOptions, body: (pool: WorkerPool<Waits>) => Promise<void>): Promise<void> {
  const pool = new WorkerPool<Waits>(module, options);
  try {
    await withinTest(body(pool));
  } finally {
    await pool.close({ timeout: 0 });
  }
}

for (const name of ["sleeps", "listens"] as const) {
  testWith("shared memory", `a function that waits (${name}) ends with its call, and its worker stays`, async () => {
    await withWaits({ size: 1, teardownTimeout: 60_000 }, async (pool) => {
      const flags = flagsOf();
      const controller = new AbortController();
      const call = errorOf(pool.run(name, [flags], { signal: controller.signal }));
      await until(() => Atomics.load(flags, 0) === 1, "the function waits");
      controller.abort("enough");
      assertEquals(await call, "enough");
      await until(() => pool.statistics().running === 0, "the function has ended");
      assertEquals([Atomics.load(flags, 1), pool.statistics().workers], [1, 1]);
    });
  });
}

testWith("shared memory", "a generator that waits ends with its stream", async () => {
  await withWaits({ size: 1, teardownTimeout: 60_000 }, async (pool) => {
    const flags = flagsOf();
    const stream = pool.stream("streams", [flags]);
    assertEquals((await stream.next()).value, 1);
    await until(() => Atomics.load(flags, 0) === 1, "the generator waits");
    await stream.return!();
    assertEquals([Atomics.load(flags, 1), pool.statistics().running], [1, 0]);
  });
});

testWith("async context", "what a call leaves waiting takes nothing from the next one", async () => {
  await withWaits({ size: 1 }, async (pool) => {
    await pool.run("leavesWait", []);
    assertEquals(await pool.run("sends", []), 7);
  });
});

test("progress of what goes on after its call goes nowhere", async () => {
  await withWaits({ size: 1 }, async (pool) => {
    const seen: unknown[] = [];
    assertEquals(await pool.run("leavesWork", [], { onProgress: (value) => seen.push(value) }), "done");
    // Whatever the worker sends late has come before this answer.
    await pool.run("rests", []);
    assertEquals(seen, []);
  });
});

for (const way of ["closed", "idle", "spent"] as const) {
  testWith(
    "shared memory",
    `what onClose was given runs before a worker is ended (${way}), last in, first out`,
    async () => {
      const options = { closed: {}, idle: { idleTimeout: 0 }, spent: { maxCalls: 1 } }[way];
      const flags = flagsOf();
      await withWaits({ size: 1, teardownTimeout: 60_000, ...options }, async (pool) => {
        await pool.run("cleansUp", [flags, "all"]);
        if (way === "closed") await pool.close();
        await until(() => Atomics.load(flags, 1) > 0, "the cleanup has run");
      });
      assertEquals([...flags.slice(0, 3)], [2, 2, 1]);
    },
  );
}

testWith(
  "shared memory",
  "a cleanup that throws is told, one that hangs is given up after teardownTimeout",
  async () => {
    const flags = flagsOf();
    const told = await unhandledDuring(async () => {
      await withWaits({ size: 1, teardownTimeout: 60_000 }, async (pool) => {
        await pool.run("cleansUp", [flags, "throws"]);
        await pool.close();
      });
      await withWaits({ size: 1, teardownTimeout: 50 }, async (pool) => {
        await pool.run("cleansUp", [flags, "hangs"]);
        await pool.close();
      });
    });
    assertEquals(told.map((error) => (error as Error).message), ["the cleanup failed"]);
    assertEquals(Atomics.load(flags, 0), 4);
  },
);

testWith("shared memory", "what a cleanup gives to onClose runs after the others", async () => {
  const flags = flagsOf();
  await withWaits({ size: 1, teardownTimeout: 60_000 }, async (pool) => {
    await pool.run("cleansUp", [flags, "adds"]);
    await pool.close();
  });
  assertEquals([...flags.slice(0, 4)], [2, 2, 1, 2]);
});

test("onClose takes functions only", () => {
  assertThrows(() => onClose(1 as never), TypeError);
});
