/** The pool's contract: calls, cancellation, death, queue, priorities, closing. */

import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertStrictEquals, assertThrows } from "@std/assert";
import {
  Cancelled,
  group,
  moveOnAfter,
  PoolClosedError,
  QueueFullError,
  TimeoutError,
  WorkerExitError,
  WorkerPool,
} from "../../../mod.ts";
import { countListeners, errorOf, flagsOf, module, type Tasks, thrownBy, until, withPool } from "./pool_support.ts";

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
  const isNode = !("Deno" in globalThis) && !("Bun" in globalThis);
  const make = () => new WorkerPool(module, { resourceLimits: { maxOldGenerationSizeMb: 64 } });
  if (isNode) make();
  else assertThrows(make, TypeError);
});

test("unclonable arguments throw DataCloneError at the call, name the part, and detach nothing", () => {
  const pool = new WorkerPool<Tasks>(module);
  const buffer = new ArrayBuffer(8);
  const call = (value: unknown) => () => pool.run("identity", [[buffer, value]], { transfer: [buffer] });
  for (const value of [() => 1, Symbol("s"), Promise.resolve(), new WeakMap(), new Proxy({}, {}), { a: [() => 1] }]) {
    const error = thrownBy(call(value)) as DOMException;
    assertEquals(error.name, "DataCloneError");
    assert(error.message.includes("args[0][1]"), error.message);
  }
  assertEquals(buffer.byteLength, 8);
  const error = thrownBy(() => pool.run("identity", [{ deep: { list: [1, () => 1] } }])) as Error;
  assert(error.message.includes("args[0].deep.list[1]"), error.message);
});

test("a transfer list with duplicate, detached, shared or foreign members is refused before anything is sent", () => {
  const pool = new WorkerPool<Tasks>(module);
  const good = new ArrayBuffer(8);
  const gone = new ArrayBuffer(8);
  structuredClone(gone, { transfer: [gone] });
  const nameOf = (transfer: unknown[]) =>
    (thrownBy(() => pool.run("sizeOf", [good], { transfer: transfer as ArrayBuffer[] })) as Error).name;
  assertEquals(nameOf([good, good]), "DataCloneError");
  assertEquals(nameOf([good, gone]), "DataCloneError");
  assertEquals(nameOf([good, new SharedArrayBuffer(8)]), "TypeError");
  assertEquals(nameOf([good, {}]), "TypeError");
  assertEquals(nameOf([good, new Uint8Array(1)]), "TypeError");
  assertEquals(good.byteLength, 8);
});

test("buffers are moved both ways, and a buffer moved away while a call waited rejects that call", async () => {
  await withPool({ size: 1 }, async (pool) => {
    const buffer = new ArrayBuffer(16);
    const first = pool.run("sizeOf", [buffer], { transfer: [buffer] });
    const again = pool.run("sizeOf", [buffer], { transfer: [buffer] });
    const copied = pool.run("identity", [new Uint8Array(buffer)]);
    assertEquals(await first, 16);
    assertEquals(((await errorOf(again)) as Error).name, "DataCloneError");
    assertEquals(((await errorOf(copied)) as Error).name, "DataCloneError");
    assertEquals(buffer.byteLength, 0);
    assertEquals((await pool.run("zeros", [32])).byteLength, 32);
  });
});

test("an unclonable result rejects that call alone with DataCloneError, and the worker lives on", async () => {
  await withPool({ size: 1 }, async (pool) => {
    for (const kind of ["field", "function", "symbol", "generator", "promise in a map", "detached"] as const) {
      const [before, bad, after] = await Promise.allSettled([
        pool.run("add", [1, 1]),
        pool.run("unclonable", [kind]),
        pool.run("add", [2, 2]),
      ]);
      const { reason } = bad as PromiseRejectedResult;
      assertEquals([kind, reason.name], [kind, "DataCloneError"]);
      assert(reason.message.includes("unclonable"), reason.message);
      assertEquals([before.status, after.status], ["fulfilled", "fulfilled"]);
    }
    for (const kind of ["duplicate", "detached", "shared"] as const) {
      assertEquals(((await errorOf(pool.run("badTransfer", [kind]))) as Error).name, "DataCloneError");
    }
    assertEquals(pool.statistics().workers, 1);
  });
});

test("calls that travel together share no objects, neither arguments nor results", async () => {
  await withPool({ size: 1 }, async (pool) => {
    await pool.run("add", [1, 1]);
    const list = [0];
    const lists = await Promise.all([1, 2, 3, 4].map((value) => pool.run("append", [list, value])));
    assertEquals(lists, [[0, 1], [0, 2], [0, 3], [0, 4]]);
    assertEquals(list, [0]);
    const kept = await Promise.all([1, 2, 3].map((value) => pool.run("remember", [value])));
    assertEquals(kept, [[1], [1, 2], [1, 2, 3]]);
  });
});

test("messages that a module posts by itself are never taken for results", async () => {
  await withPool({ size: 1 }, async (pool) => {
    assertEquals(await pool.run("foreignMessages", []), "true result");
    assertEquals(await pool.run("add", [1, 2]), 3);
    assertEquals(pool.statistics().completed, 2);
  });
});

test("progress arrives in order and before the result; a callback that throws aborts and rejects the call", async () => {
  await withPool({ size: 1 }, async (pool) => {
    const seen: unknown[] = [];
    assertEquals(await pool.run("progressing", [3], { onProgress: (value) => seen.push(value) }), "done");
    assertEquals(seen, [1, 2, 3]);
    const error = new Error("the caller's");
    const onProgress = () => {
      throw error;
    };
    assertStrictEquals(await errorOf(pool.run("progressing", [3], { onProgress })), error);
    assertEquals(((await errorOf(pool.run("progressesUnclonable", []))) as Error).name, "DataCloneError");
    assertEquals(await pool.run("add", [1, 2]), 3);
  });
});

test("an AbortSignal among the arguments arrives live and leaves no listener", async () => {
  await withPool({ size: 1 }, async (pool) => {
    const controller = new AbortController();
    const listeners = countListeners(controller.signal);
    const flags = flagsOf();
    const waiting = pool.run("waitsFor", [controller.signal, flags]);
    assertEquals(listeners(), 1);
    await until(() => Atomics.load(flags, 0) === 1);
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

test("aborted before the call, it never runs; while queued, it leaves the queue and the others go on", async () => {
  await withPool({ size: 1 }, async (pool) => {
    const flags = flagsOf();
    const reason = { own: "reason" };
    const controller = new AbortController();
    const holding = pool.run("holdUntil", [flags, 1]);
    await until(() => Atomics.load(flags, 0) === 1);
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
});

test("aborted while it runs, a call rejects at once and a loop sees it through the shared flag", async () => {
  await withPool({ size: 1, teardownTimeout: 60_000 }, async (pool) => {
    for (const name of ["spinUntilCancelled", "waitUntilAborted"] as const) {
      const flags = flagsOf();
      const controller = new AbortController();
      const call = pool.run(name, [flags], { signal: controller.signal });
      await until(() => Atomics.load(flags, 0) === 1);
      controller.abort("stop");
      assertEquals(await errorOf(call), "stop");
      await until(() => pool.statistics().running === 0);
      assertEquals(Atomics.load(flags, 1), 1);
    }
    assertEquals(pool.statistics().workers, 1);
    assertEquals(await pool.run("add", [1, 2]), 3);
  });
});

test("a busy loop that pays no heed is stopped after teardownTimeout, and nobody else's call is harmed", async () => {
  await withPool({ size: 2, teardownTimeout: 20 }, async (pool) => {
    await pool.warmUp();
    const [spinning, holding] = [flagsOf(), flagsOf()];
    const other = pool.run("holdUntil", [holding, 1]);
    await until(() => Atomics.load(holding, 0) === 1);
    const controller = new AbortController();
    const call = pool.run("spinForever", [spinning], { signal: controller.signal });
    await until(() => Atomics.load(spinning, 0) === 1);
    const behind = [pool.run("add", [1, 2]), pool.run("add", [3, 4])];
    controller.abort(new Error("stop"));
    assertEquals(((await errorOf(call)) as Error).message, "stop");
    assertEquals(await Promise.all(behind), [3, 7]);
    Atomics.store(holding, 1, 5);
    assertEquals(await other, 5);
    assertEquals(pool.statistics().cancelled, 1);
  });
});

test("a cancelled group waits until the call has ended in its worker, and counts it as running until then", async () => {
  await withPool({ size: 1, teardownTimeout: 60_000 }, async (pool) => {
    const flags = flagsOf();
    await group(async (g) => {
      g.spawn(async () => {
        await until(() => Atomics.load(flags, 0) === 1);
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
});

test("a group waits for a call that nobody awaits, and a task that leaves one aborts it", async () => {
  await withPool({ size: 1 }, async (pool) => {
    const counts = flagsOf();
    await group(() => void pool.run("count", [counts]));
    assertEquals(Atomics.load(counts, 0), 1);
    const flags = flagsOf();
    await group(async (g) => {
      await g.spawn(async () => {
        void pool.run("spinUntilCancelled", [flags]);
        await until(() => Atomics.load(flags, 0) === 1);
      });
    });
    assertEquals(Atomics.load(flags, 1), 1);
  });
});

test("in a scope that is cancelled already nothing is sent", async () => {
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

test("moveOnAfter and withTimeout stop a call like any wait", async () => {
  await withPool({ size: 1, teardownTimeout: 10 }, async (pool) => {
    await pool.warmUp();
    assertEquals(await moveOnAfter(20, () => pool.run("ignoresAbort", [flagsOf()])), undefined);
  });
});

test("timeout counts from the call, runTimeout from the start", async () => {
  await withPool({ size: 1, teardownTimeout: 10 }, async (pool) => {
    const flags = flagsOf();
    const holding = pool.run("holdUntil", [flags, 1]);
    await until(() => Atomics.load(flags, 0) === 1);
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

test("queueTimeout counts until the start: a call that has started in time may take as long as it likes", async () => {
  await withPool({ size: 1 }, async (pool) => {
    const flags = flagsOf();
    const counts = flagsOf();
    await pool.warmUp();
    const holding = pool.run("holdUntil", [flags, 1], { queueTimeout: 60_000 });
    await until(() => Atomics.load(flags, 0) === 1);
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
});

test("a queueTimeout that passes while the call runs does nothing", async () => {
  await withPool({ size: 1 }, async (pool) => {
    await pool.warmUp();
    const flags = flagsOf();
    const queueTimeout = 100;
    // On a busy machine it may be too late for the start itself: that is no concern of this test.
    for (let outcome: unknown; outcome !== 7;) {
      const call = pool.run("holdUntil", [flags, 1], { queueTimeout }).catch((error) => error);
      void call.then((value) => outcome = value);
      await until(() => outcome !== undefined || Atomics.load(flags, 0) === 1);
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

test("higher priorities go first, FIFO within one, and at most two calls sent ahead go before", async () => {
  await withPool({ size: 1 }, async (pool) => {
    const [flags, order] = [flagsOf(), flagsOf(64)];
    const holding = pool.run("holdUntil", [flags, 1]);
    await until(() => Atomics.load(flags, 0) === 1);
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
});

test("a task's priority is its calls' priority", async () => {
  await withPool({ size: 1 }, async (pool) => {
    const [flags, order] = [flagsOf(), flagsOf(16)];
    const holding = pool.run("holdUntil", [flags, 1]);
    await until(() => Atomics.load(flags, 0) === 1);
    await group(async (g) => {
      const ordinary = [0, 1, 2, 3].map((n) => pool.run("note", [order, n]));
      const urgent = g.spawn(() => pool.run("note", [order, 9]), { priority: "user-blocking" });
      await until(() => pool.statistics().queued === 5);
      Atomics.store(flags, 1, 1);
      await Promise.all([holding, urgent, ...ordinary]);
    });
    assert(order.indexOf(9) <= 3, `${order}`);
  });
});

test("a full queue refuses with QueueFullError; with queueLimit 0 only free or new workers get work", async () => {
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
});

test("room() waits until a call would be taken, lets one in at a time, in order, and is a checkpoint", async () => {
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
});

test("a worker that exits rejects the call it had started, and the waiting ones run elsewhere, once, in order", async () => {
  await withPool({ size: 1 }, async (pool) => {
    await pool.warmUp();
    const order = flagsOf(64);
    const dying = pool.run("exit", [7]);
    const calls = Array.from({ length: 20 }, (_, n) => pool.run("note", [order, n]));
    const error = await errorOf(dying);
    assertInstanceOf(error, WorkerExitError);
    if (!("Deno" in globalThis)) assertEquals(error.exitCode, 7);
    assertEquals(await Promise.all(calls), Array.from({ length: 20 }, (_, n) => n));
    assertEquals(order[0], 20);
    assertEquals([...order.slice(1, 21)], Array.from({ length: 20 }, (_, n) => n));
  });
});

test("an exception in a timer and an unhandled rejection reject the running call with their cause", async () => {
  await withPool({ size: 1 }, async (pool) => {
    for (const [name, text] of [["throwLater", "thrown in a timer"], ["rejectsLater", "nobody caught it"]] as const) {
      const error = await errorOf(pool.run(name, []));
      assertInstanceOf(error, WorkerExitError);
      assert(String((error.cause as Error | undefined)?.message).includes(text), String(error.cause));
      assertEquals(await pool.run("add", [1, 2]), 3);
    }
  });
});

test("crashes one upon another leave no call unsettled", async () => {
  await withPool({ size: 2 }, async (pool) => {
    const calls: Promise<unknown>[] = [];
    for (let n = 0; n < 6; n++) {
      calls.push(pool.run("exit", [1]).catch(() => pool.run("exit", [2])).catch(() => pool.run("add", [n, 1])));
      calls.push(pool.run("throwLater", []).catch(() => n + 1));
      calls.push(pool.run("add", [n, 1]));
    }
    const results = await Promise.all(calls);
    assertEquals(results, [0, 1, 2, 3, 4, 5].flatMap((n) => [n + 1, n + 1, n + 1]));
  });
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

test("close({ timeout }) aborts what is left; dispose does so at once, also while the pool is closing", async () => {
  const pool = new WorkerPool<Tasks>(module, { size: 1, teardownTimeout: 20 });
  const flags = flagsOf();
  const calls = [pool.run("spinForever", [flags]), pool.run("add", [1, 2])].map(errorOf);
  await until(() => Atomics.load(flags, 0) === 1);
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
  });
  const other = new WorkerPool<Tasks>(module, { size: 1, teardownTimeout: 20 });
  const call = other.run("ignoresAbort", [flagsOf()]);
  const ended = Promise.allSettled([call, other.close({ timeout: 10 })]);
  assertInstanceOf(((await ended)[0] as PromiseRejectedResult).reason, PoolClosedError);
});

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

test("the statistics count each call once, and the histograms what ran", async () => {
  await withPool({ size: 1 }, async (pool) => {
    assertEquals(pool.statistics(), {
      workers: 0,
      idle: 0,
      running: 0,
      queued: 0,
      completed: 0,
      failed: 0,
      cancelled: 0,
    });
    const flags = flagsOf();
    const holding = pool.run("holdUntil", [flags, 1]);
    await until(() => Atomics.load(flags, 0) === 1);
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

test("a callback among the arguments is called here, and what it throws is thrown there", async () => {
  const { callback } = await import("../../../mod.ts");
  await withPool({ size: 1 }, async (pool) => {
    const seen: number[] = [];
    const times = callback((n: number) => {
      seen.push(n);
      return n * 10;
    });
    assertEquals(await pool.run("callsBack", [times, 3]), 60);
    assertEquals(seen, [1, 2, 3]);
    const failing = callback((_: number): number => {
      throw new RangeError("the caller's");
    });
    const error = await errorOf(pool.run("callsBack", [failing, 1]));
    assertInstanceOf(error, RangeError);
    assertEquals(error.message, "the caller's");
  });
});

test("calls made by callbacks, and by the reader of a stream, cannot deadlock", async () => {
  const { callback } = await import("../../../mod.ts");
  await withPool({ size: 1 }, async (pool) => {
    const nested = callback((n: number) => pool.run("add", [n, 1]));
    assertEquals(await pool.run("callsBack", [nested, 3]), 9);
    let sum = 0;
    for await (const n of pool.stream("numbers", [300])) sum += await pool.run("add", [n, 1]);
    assertEquals(sum, 300 * 301 / 2);
    await until(() => pool.statistics().workers <= 1);
  });
});
