/** Workers that the program starts itself, in the form that its bundler knows. */

import { test } from "node:test";
import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import process from "node:process";
import { group, sleep, WorkerExitError, WorkerPool, type WorkerPoolOptions } from "../../../../mod.ts";
import { simulate } from "../../../../testing.ts";
import { serveJobs } from "../../../../worker.ts";
import type { Functions } from "../programs/served.ts";
import { start } from "../served_support.ts";
import { withinTest } from "../../../support/within.ts";

async function withPool(
  options: WorkerPoolOptions,
  body: (pool: WorkerPool<Functions>) => Promise<void>,
): Promise<void> {
  const pool = new WorkerPool<Functions>(start, options);
  try {
    await withinTest(body(pool));
  } finally {
    await pool.close({ timeout: 0 });
  }
}

test("a pool runs the functions that a worker serves which the program started", () =>
  withPool({ size: 2, workerData: { rate: 2 } }, async (pool) => {
    assertEquals(await pool.run("add", [2, 3]), 5);
    assertEquals(await pool.run("data", []), { rate: 2 });
    assertEquals(await pool.run("buffer", [4]), new Uint8Array([7, 7, 7, 7]));
    assertEquals(
      await Promise.all(Array.from({ length: 20 }, (_, n) => pool.run("add", [n, n]))),
      Array.from({ length: 20 }, (_, n) => n * 2),
    );
    const values: number[] = [];
    for await (const value of pool.stream("count", [5])) values.push(value);
    assertEquals(values, [0, 1, 2, 3, 4]);
    await assertRejects(() => pool.run("fails", []), RangeError, "too far");
    const unknown = pool as unknown as WorkerPool;
    await assertRejects(() => unknown.run("nothing", []), TypeError, 'exports no function "nothing": it has add, data');
  }));

test("a call of a served function is cancelled with its scope, on the same worker", () =>
  withPool({ size: 1 }, async (pool) => {
    await pool.warmUp();
    await group(async (g) => {
      g.spawn(() => pool.run("untilCancelled", []));
      await sleep(0);
      g.cancel();
    });
    assertEquals(await pool.run("add", [1, 1]), 2);
    assertEquals(pool.statistics().workers, 1);
  }));

test("a worker that the program started is replaced when it dies", () =>
  withPool({ size: 1 }, async (pool) => {
    await assertRejects(() => pool.run("dies", []), WorkerExitError, "ended");
    assertEquals(await pool.run("add", [1, 2]), 3);
  }));

test("a second serveJobs in one worker is an error, as it would hide the functions of the first", () =>
  withPool({ size: 1 }, async (pool) => {
    assertStringIncludes(await pool.run("twice", []), "serveJobs was called twice in one worker");
  }));

test("a module that serves its functions can be given by its URL as well, and be imported where there is no worker", async () => {
  const pool = new WorkerPool<{ add(a: number, b: number): number }>(
    new URL("../programs/serves_itself.ts", import.meta.url),
    {
      size: 1,
    },
  );
  try {
    assertEquals(await pool.run("add", [4, 4]), 8);
  } finally {
    await pool.close({ timeout: 0 });
  }
  serveJobs({ add: () => 0 });
  assertThrows(() => serveJobs("add" as never), TypeError, 'received "add"');
  assertThrows(() => serveJobs(null as never), TypeError, "received null");
});

test("what the function gives has to be a worker, and a new one each time", async () => {
  for (const odd of [undefined, null, 5, {}, new URL("file:///tasks.ts")]) {
    const pool = new WorkerPool(() => odd as never);
    await assertRejects(() => pool.run("add", [1, 2]), TypeError, "has to give a Worker");
    await pool.close();
  }
  const worker = start();
  const pool = new WorkerPool<Functions>(() => worker, { size: 2 });
  try {
    assertEquals(await pool.run("add", [1, 2]), 3);
    await assertRejects(() => pool.warmUp(2), TypeError, "a new Worker each time");
  } finally {
    await pool.close({ timeout: 0 });
  }
});

test("what the function throws rejects the calls that wait", async () => {
  const pool = new WorkerPool<Functions>(() => {
    throw new Error("no thread to be had");
  });
  await assertRejects(() => pool.run("add", [1, 2]), Error, "no thread to be had");
  await pool.close();
});

test("options for the start of a thread, and inline calls, are refused where the program starts it", () => {
  const refused: [WorkerPoolOptions, string][] = [
    [{ inline: true }, "knows no module to run inline calls of"],
    ...(process.versions["deno"] === undefined
      ? [[{ argv: ["a"] }, "takes no argv"], [{ execArgv: [] }, "takes no execArgv"], [
        { env: {} },
        "takes no env",
      ]] as [WorkerPoolOptions, string][]
      : [[{ permissions: "none" }, "takes no permissions"]] as [WorkerPoolOptions, string][]),
  ];
  for (const [options, message] of refused) assertThrows(() => new WorkerPool(start, options), TypeError, message);
  assertThrows(() => new WorkerPool("./tasks.ts" as never), TypeError, "a URL, or a function that starts a Worker");
});

test("a simulation refuses threads that the program starts itself, before any is started", async () => {
  let started = 0;
  await simulate(async () => {
    const pool = new WorkerPool<Functions>(() => (started++, start()));
    await assertRejects(() => pool.run("add", [1, 2]), Error, "give the pool the URL of the module");
    await pool.close();
  });
  assertEquals(started, 0);
});
