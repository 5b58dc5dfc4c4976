/** Cancellation of calls: signals, groups, timeouts. */

import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertStrictEquals, assertThrows } from "@std/assert";
import { Cancelled, group, moveOnAfter, TimeoutError } from "../../../../mod.ts";
import { errorOf } from "../../../support/errors.ts";
import { until } from "../../../support/within.ts";
import { countListeners, flagsOf, withPool } from "../pool_support.ts";
import { testWith } from "../../../support/needs.ts";

testWith("shared memory", "an AbortSignal among the arguments arrives live and leaves no listener", async () => {
  await withPool({ size: 1 }, async (pool) => {
    const controller = new AbortController();
    const listeners = countListeners(controller.signal);
    const flags = flagsOf();
    const waiting = pool.run("waitsFor", [controller.signal, flags]);
    assertEquals(listeners(), 1);
    await until(() => Atomics.load(flags, 0) === 1, "the call has started");
    controller.abort("because");
    assertEquals(await waiting, "because");
    assertEquals(listeners(), 0);
    assertEquals(await pool.run("typeOfEach", [AbortSignal.abort(), 1]), ["[object AbortSignal]", "[object Number]"]);
    const unused = new AbortController();
    const unusedListeners = countListeners(unused.signal);
    await pool.run("typeOfEach", [unused.signal]);
    await pool.run("add", [1, 2], { signal: unused.signal });
    assertEquals(unusedListeners(), 0);
  });
});

test("an aborted signal among the arguments arrives aborted, with its reason", async () => {
  await withPool({ size: 1 }, async (pool) => {
    const controller = new AbortController();
    controller.abort("early");
    const reason = await pool.run("abortedReason", [controller.signal]);
    assertEquals(reason, "early");
  });
});

test("many calls on one signal have one listener between them", async () => {
  await withPool({ size: 1 }, async (pool) => {
    const { signal } = new AbortController();
    const listeners = countListeners(signal);
    const calls = Array.from({ length: 50 }, () => pool.run("add", [1, 2], { signal }));
    assertEquals(listeners(), 1);
    await Promise.all(calls);
    assertEquals(listeners(), 0);
  });
});

testWith(
  "shared memory",
  "aborted before the call, it never runs; while queued, it leaves the queue and the others go on",
  async () => {
    await withPool({ size: 1 }, async (pool) => {
      const flags = flagsOf();
      const reason = { own: "reason" };
      const controller = new AbortController();
      const holding = pool.run("holdUntil", [flags, 1]);
      await until(() => Atomics.load(flags, 0) === 1, "the call has started");
      const counts = flagsOf();
      const second = pool.run("count", [counts], { signal: controller.signal });
      const third = pool.run("count", [counts], { signal: controller.signal });
      const last = pool.run("add", [1, 2]);
      controller.abort(reason);
      assertStrictEquals(await errorOf(third), reason);
      assertStrictEquals(await errorOf(second), reason);
      assertStrictEquals(await errorOf(pool.run("count", [counts], { signal: controller.signal })), reason);
      assertEquals(pool.statistics().queued, 1);
      Atomics.store(flags, 1, 1);
      assertEquals(await last, 3);
      await holding;
      assertEquals(Atomics.load(counts, 0), 0);
      assertEquals(pool.statistics().cancelled, 2);
    });
  },
);

testWith(
  "shared memory",
  "aborted while it runs, a call rejects at once and a loop sees it through the shared flag",
  async () => {
    await withPool({ size: 1, teardownTimeout: 60_000 }, async (pool) => {
      for (const name of ["spinUntilCancelled", "waitUntilAborted"] as const) {
        const flags = flagsOf();
        const controller = new AbortController();
        const call = pool.run(name, [flags], { signal: controller.signal });
        await until(() => Atomics.load(flags, 0) === 1, "the call has started");
        controller.abort("stop");
        assertEquals(await errorOf(call), "stop");
        await until(() => pool.statistics().running === 0, "no call runs");
        assertEquals(Atomics.load(flags, 1), 1);
      }
      assertEquals(pool.statistics().workers, 1);
      assertEquals(await pool.run("add", [1, 2]), 3);
    });
  },
);

testWith(
  "shared memory",
  "a busy loop that pays no heed is stopped after teardownTimeout, and nobody else's call is harmed",
  async () => {
    await withPool({ size: 2, teardownTimeout: 20 }, async (pool) => {
      await pool.warmUp();
      const [spinning, holding] = [flagsOf(), flagsOf()];
      const other = pool.run("holdUntil", [holding, 1]);
      await until(() => Atomics.load(holding, 0) === 1, "the call has started");
      const controller = new AbortController();
      const call = pool.run("spinForever", [spinning], { signal: controller.signal });
      await until(() => Atomics.load(spinning, 0) === 1, "the call has started");
      const behind = [pool.run("add", [1, 2]), pool.run("add", [3, 4])];
      controller.abort(new Error("stop"));
      assertEquals(((await errorOf(call)) as Error).message, "stop");
      assertEquals(await Promise.all(behind), [3, 7]);
      Atomics.store(holding, 1, 5);
      assertEquals(await other, 5);
      assertEquals(pool.statistics().cancelled, 1);
    });
  },
);

testWith(
  "shared memory",
  "a cancelled group waits until the call has ended in its worker, and counts it as running until then",
  async () => {
    await withPool({ size: 1, teardownTimeout: 60_000 }, async (pool) => {
      const flags = flagsOf();
      await group(async (g) => {
        g.spawn(async () => {
          await until(() => Atomics.load(flags, 0) === 1, "the call has started");
          g.cancel();
          assertEquals(pool.statistics().running, 1);
        });
        const error = await errorOf(pool.run("spinUntilCancelled", [flags]));
        assertInstanceOf(error, Cancelled);
        throw error;
      });
      assertEquals(Atomics.load(flags, 1), 1);
      assertEquals(pool.statistics().running, 0);
    });
  },
);

testWith(
  "shared memory",
  "a group waits for a call that nobody awaits, and a task that leaves one aborts it",
  async () => {
    await withPool({ size: 1 }, async (pool) => {
      const counts = flagsOf();
      await group(() => void pool.run("count", [counts]));
      assertEquals(Atomics.load(counts, 0), 1);
      const flags = flagsOf();
      await group(async (g) => {
        await g.spawn(async () => {
          void pool.run("spinUntilCancelled", [flags]);
          await until(() => Atomics.load(flags, 0) === 1, "the call has started");
        });
      });
      assertEquals(Atomics.load(flags, 1), 1);
    });
  },
);

testWith("async context", "in a scope that is cancelled already nothing is sent", async () => {
  await withPool({ size: 1 }, async (pool) => {
    const counts = flagsOf();
    await group(async (g) => {
      g.cancel();
      assertInstanceOf(await errorOf(pool.run("count", [counts])), Cancelled);
      assertInstanceOf(await errorOf(pool.map("double", [])), Cancelled);
      assertInstanceOf(await errorOf(pool.stream("numbers", [1]).next()), Cancelled);
    });
    assertEquals(pool.statistics().workers, 0);
  });
});

testWith("shared memory", "moveOnAfter and withTimeout stop a call like any wait", async () => {
  await withPool({ size: 1, teardownTimeout: 10 }, async (pool) => {
    await pool.warmUp();
    assertEquals(await moveOnAfter(20, () => pool.run("ignoresAbort", [flagsOf()])), undefined);
  });
});

testWith("shared memory", "timeout counts from the call, runTimeout from the start", async () => {
  await withPool({ size: 1, teardownTimeout: 10 }, async (pool) => {
    const flags = flagsOf();
    const holding = pool.run("holdUntil", [flags, 1]);
    await until(() => Atomics.load(flags, 0) === 1, "the call has started");
    const patient = pool.run("add", [1, 2], { runTimeout: 1000 });
    const error = await errorOf(pool.run("add", [1, 2], { timeout: 20 }));
    assertInstanceOf(error, TimeoutError);
    assertEquals(error.timeout, 20);
    Atomics.store(flags, 1, 1);
    await holding;
    assertEquals(await patient, 3);
    assertInstanceOf(await errorOf(pool.run("ignoresAbort", [flagsOf()], { runTimeout: 20 })), TimeoutError);
    assertEquals(await pool.run("add", [1, 2]), 3);
    assertEquals([pool.statistics().failed, pool.statistics().cancelled], [2, 0]);
  });
});

testWith(
  "shared memory",
  "queueTimeout counts until the start: a call that has started in time may take as long as it likes",
  async () => {
    await withPool({ size: 1 }, async (pool) => {
      const flags = flagsOf();
      const counts = flagsOf();
      await pool.warmUp();
      const holding = pool.run("holdUntil", [flags, 1], { queueTimeout: 60_000 });
      await until(() => Atomics.load(flags, 0) === 1, "the call has started");
      // The first of these are with the worker already, though none has started.
      const calls = [1, 2, 3, 4, 5].map(() => errorOf(pool.run("count", [counts], { queueTimeout: 10 })));
      for (const call of calls) {
        const error = await call;
        assertInstanceOf(error, TimeoutError);
        assertEquals(error.timeout, 10);
        assert(error.message.includes("start"), error.message);
      }
      Atomics.store(flags, 1, 1);
      assertEquals(await holding, 1);
      // Started at once, and then over its time.
      assertEquals(await pool.run("later", ["value", 30], { queueTimeout: 10_000 }), "value");
      assertEquals([Atomics.load(counts, 0), pool.statistics().failed], [0, 5]);
      assertThrows(() => pool.run("add", [1, 2], { queueTimeout: -1 }), RangeError);
      assertThrows(() => pool.map("double", [1], { queueTimeout: 1 } as object), TypeError);
    });
  },
);

testWith("shared memory", "a queueTimeout that passes while the call runs does nothing", async () => {
  await withPool({ size: 1 }, async (pool) => {
    await pool.warmUp();
    const flags = flagsOf();
    const queueTimeout = 100;
    // On a busy machine it may be too late for the start itself: that is no concern of this test.
    let outcome: unknown;
    for (let attempt = 0; outcome !== 7; attempt++) {
      assert(attempt < 100, "no call started in time");
      outcome = undefined;
      const call = pool.run("holdUntil", [flags, 1], { queueTimeout }).catch((error) => error);
      void call.then((value) => outcome = value);
      await until(() => outcome !== undefined || Atomics.load(flags, 0) === 1, "the call has started or failed");
      if (outcome !== undefined) continue;
      await new Promise((resolve) => setTimeout(resolve, queueTimeout * 1.5));
      Atomics.store(flags, 1, 7);
      assertEquals(await call, 7);
      outcome = 7;
    }
  });
});

test("a runTimeout does not count the start of the worker", async () => {
  await withPool({ size: 1 }, async (pool) => {
    assertEquals(await pool.run("add", [1, 2], { runTimeout: 5000 }), 3);
    assert(pool.histograms().run.max < 5000);
  });
});
