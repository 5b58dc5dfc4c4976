/** What may be sent and exported: modules and values of the less usual kinds, alike on every runtime. */

import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { callback, group, WorkerPool } from "../../../../mod.ts";
import { errorOf, thrownBy } from "../../../support/errors.ts";
import { until } from "../../../support/within.ts";
import { flagsOf } from "../pool_support.ts";
import { testWith } from "../../../support/needs.ts";

type Tasks = typeof import("../odd_tasks.ts");
type Pool = WorkerPool<Tasks>;
const module = new URL("../odd_tasks.ts", import.meta.url);

async function withPool(body: (pool: Pool) => Promise<void>): Promise<void> {
  const pool: Pool = new WorkerPool<Tasks>(module, { size: 1 });
  try {
    await body(pool);
  } finally {
    await pool.close({ timeout: 0 });
  }
}

testWith("shared memory", "every kind of value that can be cloned arrives, both ways, as what it was", async () => {
  const circular: Record<string, unknown> = { list: [1] };
  circular["self"] = circular;
  const shared = new Uint8Array(new SharedArrayBuffer(4));
  const values: unknown[] = [
    undefined,
    null,
    0,
    -0,
    NaN,
    Infinity,
    12345678901234567890n,
    "",
    "\u{1f600}\ud800",
    true,
    new Date(86_400_000),
    /a(b)/giu,
    new Map<unknown, unknown>([["k", new Map([[1, new Set([2])]])], [{ key: 1 }, "object"]]),
    new Set([1, "two", 3n]),
    new ArrayBuffer(3),
    new DataView(new ArrayBuffer(4), 1, 2),
    ...[Int8Array, Uint8ClampedArray, Float32Array, BigUint64Array].map((Kind) => new Kind(2)),
    new Uint8Array([1, 2, 3, 4]).subarray(1, 3),
    [1, [2, [3]]],
    Object.create(null, { own: { value: 1, enumerable: true } }),
    { deep: { er: [undefined, null] } },
  ];
  await withPool(async (pool) => {
    for (const value of values) {
      const back = await pool.run("echo", [value]);
      assertEquals(Object.prototype.toString.call(back), Object.prototype.toString.call(value));
      if (value !== null && typeof value === "object" && Object.getPrototypeOf(value) === null) {
        assertEquals({ ...back as object }, { ...value });
      } else assertEquals(back, value);
    }
    assert(Object.is(await pool.run("echo", [-0]), -0));
    const back = await pool.run("echo", [circular]) as typeof circular;
    assertEquals([back["self"] === back, back["list"]], [true, [1]]);
    const view = await pool.run("echo", [shared]) as Uint8Array;
    view[0] = 7;
    assertEquals(shared[0], 7);
    // All in one turn: they travel together, and share nothing.
    const again = await Promise.all(values.map((value) => pool.run("echo", [value])));
    assertEquals(again.length, values.length);
    const [first, second] = await Promise.all([pool.run("echo", [1, values[12]]), pool.run("echo", [2, values[12]])]);
    assertEquals((first as unknown[])[1], (second as unknown[])[1]);
  });
});

testWith("shared memory", "a worker's own timers go on while short calls keep coming", async () => {
  await withPool(async (pool) => {
    const flags = flagsOf();
    await pool.run("ticks", [flags]);
    let over = false;
    const calls = Array.from({ length: 64 }, async () => {
      while (!over) await pool.run("arrow", [1]);
    });
    await until(() => Atomics.load(flags, 0) >= 3, "the timer has fired three times");
    over = true;
    await Promise.all(calls);
  });
});

test("instances of classes come as plain objects; getters are read; one that throws fails its call alone", async () => {
  await withPool(async (pool) => {
    const instance = await pool.run("instance", []);
    assertEquals({ ...instance }, { value: 1 });
    assertEquals(Object.getPrototypeOf(instance), Object.prototype);
    assertEquals(await pool.run("withGetter", ["value"]), { field: "read" });
    const [ok, bad, after] = await Promise.allSettled([
      pool.run("arrow", [1]),
      pool.run("withGetter", ["throws"]),
      pool.run("arrow", [2]),
    ]);
    assertEquals([ok.status, after.status], ["fulfilled", "fulfilled"]);
    assertInstanceOf((bad as PromiseRejectedResult).reason, RangeError);
    const changing = errorOf(pool.run("withGetter", ["function the second time"]));
    const beside = pool.run("arrow", [3]);
    assertEquals(((await changing) as Error).name, "DataCloneError");
    assertEquals(await beside, 4);
    const throwing = {
      get field(): never {
        throw new RangeError("the caller's getter");
      },
    };
    assertInstanceOf(thrownBy(() => pool.run("echo", [throwing])), RangeError);
    let reads = 0;
    const unsteady = {
      get field(): unknown {
        return ++reads === 1 ? 1 : () => 1;
      },
    };
    const [unread, fine] = await Promise.allSettled([pool.run("echo", [unsteady]), pool.run("arrow", [5])]);
    assertEquals((unread as PromiseRejectedResult).reason.name, "DataCloneError");
    assertEquals((fine as PromiseFulfilledResult<number>).value, 6);
    assertEquals(pool.statistics().workers, 1);
  });
});

test("exports that are no plain functions: arrows work, classes and generators fail their own call", async () => {
  await withPool(async (pool) => {
    assertEquals(await pool.run("arrow", [1]), 2);
    assertInstanceOf(await errorOf(pool.run("Own" as "topLevel", [])), TypeError);
    const generator = await errorOf(pool.run("countsLater" as "topLevel", [3] as never));
    assertEquals((generator as Error).name, "DataCloneError");
    assertEquals(await pool.run("thenable", []), "of the thenable");
    assertInstanceOf(await errorOf(pool.run("badThenable", [])), RangeError);
    assertEquals(await pool.run("topLevel", []), "loaded");
  });
});

test("a stream takes whatever can be iterated: arrays, promises of them, objects with an iterator", async () => {
  await withPool(async (pool) => {
    const all = async <T>(stream: AsyncIterable<T>): Promise<T[]> => {
      const list: T[] = [];
      for await (const value of stream) list.push(value);
      return list;
    };
    assertEquals(await all(pool.stream("iterableObject", [])), [1, 2]);
    assertEquals(await all(pool.stream("iterableLater", [])), [3, 4]);
    assertEquals(await all(pool.stream("countsLater", [3])), [0, 1, 2]);
    assertEquals(await all(pool.stream("countsLater", [0])), []);
  });
});

test("an error that is returned is a result: it keeps its message, and a DOMException its name", async () => {
  await withPool(async (pool) => {
    const error = await pool.run("returnsError", ["error"]) as Error & { code: string };
    assertInstanceOf(error, RangeError);
    assertEquals([error.message, error.code], ["as a result", "E_RESULT"]);
    assertInstanceOf(error.cause, TypeError);
    const dom = await pool.run("returnsError", ["dom"]);
    assertInstanceOf(dom, DOMException);
    assertEquals([dom.name, dom.message], ["AbortError", "as a result"]);
    const { list } = await pool.run("returnsError", ["nested"]) as { list: Error[] };
    // Within a result it is the host that clones: the message comes along everywhere.
    assertEquals(list[0]!.message, "as a result");
  });
});

testWith(
  "shared memory",
  "AbortSignal.timeout as an argument arrives live, and its end is heard in the worker",
  async () => {
    await withPool(async (pool) => {
      const back = await pool.run("echo", [AbortSignal.abort("early"), 1]).catch((error) => error);
      // A signal is no result: it would be dead on arrival.
      assertEquals((back as Error).name, "DataCloneError");
      const flags = flagsOf();
      const waiting = pool.run("waits", [AbortSignal.timeout(5), flags]);
      assertEquals(await waiting, "TimeoutError");
    });
  },
);

test("a MessagePort is moved to a call and back again works as a channel", async () => {
  await withPool(async (pool) => {
    const { port1, port2 } = new MessageChannel();
    assertEquals((thrownBy(() => pool.run("doubles", [port2])) as Error).name, "DataCloneError");
    const call = pool.run("doubles", [port2], { transfer: [port2] });
    const answers: number[] = [];
    await new Promise<void>((resolve) => {
      port1.onmessage = ({ data }) => {
        answers.push(data);
        if (answers.length === 3) resolve();
      };
      for (const n of [1, 2, 3]) port1.postMessage(n);
    });
    port1.postMessage("end");
    assertEquals([answers, await call], [[2, 4, 6], 3]);
    port1.close();
  });
});

test("a ReadableStream is moved where the host can, and refused with DataCloneError where it cannot", async () => {
  const make = () =>
    new ReadableStream<number>({
      start(controller) {
        for (const n of [1, 2, 3]) controller.enqueue(n);
        controller.close();
      },
    });
  await withPool(async (pool) => {
    const stream = make();
    const list = [stream as unknown as Transferable];
    const outcome = await Promise.resolve().then(() => pool.run("readAll", [stream], { transfer: list }))
      .catch((error: Error) => error.name);
    // Bun moves no streams.
    assertEquals(outcome, "Bun" in globalThis ? "DataCloneError" : 6);
    assertEquals((thrownBy(() => pool.run("readAll", [make()])) as Error).name, "DataCloneError");
    assertEquals(await pool.run("arrow", [1]), 2);
  });
});

testWith(
  "shared memory",
  "a call of a group that has been cancelled from outside leaves its worker usable",
  async () => {
    await withPool(async (pool) => {
      const controller = new AbortController();
      const flags = flagsOf();
      const asked = group(async () => {
        await pool.run("asks", [callback((n: number) => n), flags]);
      }, { signal: controller.signal });
      await until(() => Atomics.load(flags, 0) === 1, "the call has started");
      controller.abort("from outside");
      assertEquals(await errorOf(asked), "from outside");
      assertEquals(pool.statistics().running, 0);
      assertEquals(await pool.run("arrow", [1]), 2);
    });
  },
);
