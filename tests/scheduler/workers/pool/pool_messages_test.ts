/** What travels to and from a call: arguments, results, transfers, progress, callbacks. */

import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import { WorkerPool } from "../../../../mod.ts";
import { errorOf, thrownBy } from "../../../support/errors.ts";
import { module, type Tasks, withPool } from "../pool_support.ts";
import { testWith } from "../../../support/needs.ts";

test("unclonable arguments throw DataCloneError at the call, name the part, and detach nothing", () => {
  const pool = new WorkerPool<Tasks>(module);
  const buffer = new ArrayBuffer(8);
  const call = (value: unknown) => () => pool.run("identity", [[buffer, value]], { transfer: [buffer] });
  for (const value of [() => 1, Symbol("s"), Promise.resolve(), new WeakMap(), { a: [() => 1] }]) {
    const error = thrownBy(call(value)) as DOMException;
    assertEquals(error.name, "DataCloneError");
    assert(error.message.includes("args[0][1]"), error.message);
  }
  assertEquals(buffer.byteLength, 8);
  const error = thrownBy(() => pool.run("identity", [{ deep: { list: [1, () => 1] } }])) as Error;
  assert(error.message.includes("args[0].deep.list[1]"), error.message);
});

test("a Proxy among the arguments rejects the call, if it does not throw: browsers find out when they send", async () => {
  await withPool({ size: 1 }, async (pool) => {
    const error = await errorOf(Promise.resolve().then(() => pool.run("identity", [[new Proxy({}, {})]])));
    assertEquals((error as Error).name, "DataCloneError");
    assertEquals(await pool.run("add", [1, 2]), 3);
  });
});

testWith(
  "shared memory",
  "a transfer list with duplicate, detached, shared or foreign members is refused before anything is sent",
  () => {
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
  },
);

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

testWith(
  "shared memory",
  "an unclonable result rejects that call alone with DataCloneError, and the worker lives on",
  async () => {
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
  },
);

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

test("a callback among the arguments is called here, and what it throws is thrown there", async () => {
  const { callback } = await import("../../../../mod.ts");
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
