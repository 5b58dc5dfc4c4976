import diagnostics from "node:diagnostics_channel";
import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { type CallTrace, group, WorkerPool } from "../../../../mod.ts";

const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

async function withPool(
  body: (pool: WorkerPool<typeof import("./observed_tasks.ts")>) => Promise<void>,
): Promise<void> {
  const module = new URL("./observed_tasks.ts", import.meta.url);
  const pool = new WorkerPool<typeof import("./observed_tasks.ts")>(module, { size: 1, name: "sums" });
  try {
    await body(pool);
  } finally {
    await pool.close({ timeout: 0 });
  }
}

test("a call of a pool is told of when it is taken and when nothing is left of it, by the same object", async () => {
  const messages: { what: string; message: CallTrace }[] = [];
  const started = diagnostics.channel("millrace.call.start");
  const ended = diagnostics.channel("millrace.call.end");
  const onStart = (message: unknown): void => void messages.push({ what: "start", message: message as CallTrace });
  const onEnd = (message: unknown): void => void messages.push({ what: "end", message: message as CallTrace });
  started.subscribe(onStart);
  ended.subscribe(onEnd);
  try {
    await withPool(async (pool) => {
      await group((g) => void g.spawn(() => pool.run("add", [1, 2]), { name: "caller" }), { name: "top" });
      assertEquals(await pool.run("fails", []).catch((error) => error), "a string");
    });
  } finally {
    started.unsubscribe(onStart);
    ended.unsubscribe(onEnd);
  }
  assertEquals(messages.map(({ what, message }) => `${what} ${message.pool} ${message.name}`), [
    "start sums add",
    "end sums add",
    "start sums fails",
    "end sums fails",
  ]);
  const [first, second, , last] = messages.map(({ message }) => message);
  assertStrictEquals(first, second);
  assertEquals([first!.path.replaceAll(/#\d+/g, ""), first!.error], ["top > caller", undefined]);
  assert(first!.worker! > 0 && first!.ran >= 0);
  assertEquals(last!.error, "a string");
});

test("the traceparent that an observer gives a call is there in the worker, in a map for each chunk", async () => {
  const started = diagnostics.channel("millrace.call.start");
  const give = (message: unknown): void => void ((message as CallTrace).traceparent = traceparent);
  await withPool(async (pool) => {
    assertEquals(await pool.run("traceparentOf", []), undefined);
    started.subscribe(give);
    try {
      assertEquals(await pool.run("traceparentOf", []), traceparent);
      assertEquals(await pool.map("traceparentOf", [1, 2]), [traceparent, traceparent]);
    } finally {
      started.unsubscribe(give);
    }
    assertEquals(await pool.run("traceparentOf", []), undefined);
  });
});

test("in the worker a call is told of to those who listen there, and a store bound to it is the function's", async () => {
  await withPool(async (pool) => {
    assertEquals(await pool.run("observe", []), "observing");
    assertEquals(await pool.run("storeOf", []), "in storeOf");
    await pool.run("fails", []).catch(() => {});
    assertEquals(await pool.run("observed", []), [
      "start storeOf",
      "end storeOf undefined",
      "start fails",
      "end fails a string",
      "start observed",
    ]);
  });
});

test("a store bound to a call in the worker is the generator's too, whenever its values are asked for", async () => {
  await withPool(async (pool) => {
    await pool.run("observe", []);
    const stores: unknown[] = [];
    for await (const store of pool.stream("storesOf", [], { highWaterMark: 1 })) stores.push(store);
    assertEquals(stores, ["in storesOf", "in storesOf"]);
  });
});

test("a call that is aborted is told of with the reason, once", async () => {
  const errors: unknown[] = [];
  const ended = diagnostics.channel("millrace.call.end");
  const onEnd = (message: unknown): void => void errors.push((message as CallTrace).error);
  ended.subscribe(onEnd);
  try {
    await withPool(async (pool) => {
      const controller = new AbortController();
      const call = assertRejects(() => pool.run("storeOf", [], { signal: controller.signal }));
      controller.abort(new Error("enough"));
      await call;
    });
  } finally {
    ended.unsubscribe(onEnd);
  }
  assertEquals(errors.map((error) => (error as Error).message), ["enough"]);
});
