/** Who is told of something by a pool, and calls it again at once: each call runs exactly once, or is told why not. */

import { test } from "node:test";
import { Worker as NodeWorker } from "node:worker_threads";
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { configure, type GivenWorker, PoolClosedError, WorkerExitError, WorkerPool } from "../../../../mod.ts";
import { errorOf } from "../../../support/errors.ts";
import { hostOfThis } from "../../../support/hosts.ts";
import { testWith } from "../../../support/needs.ts";
import { within } from "../../../support/within.ts";
import { flagsOf, module, type Tasks } from "../pool_support.ts";
import type { Functions } from "../programs/served.ts";

const served = new URL("../programs/served.ts", import.meta.url);

/** A worker as a program of this host starts one; Node 20 has to be taught TypeScript first. */
function start(): GivenWorker {
  const { Worker } = globalThis as { Worker?: new (url: URL, options: object) => GivenWorker };
  if (Worker !== undefined) return new Worker(served, { type: "module" });
  if (hostOfThis() !== "node") return new NodeWorker(served);
  const hooks = new URL("../../../support/typescript.mjs", import.meta.url);
  return new NodeWorker(`import("${hooks}").then(({ register }) => (register(), import("${served}")))`, { eval: true });
}

/** Calls `body` with what is told of errors that nobody awaits. */
async function listening(heard: (error: unknown) => void, body: () => Promise<void>): Promise<void> {
  configure({ onUnhandled: heard });
  try {
    await within(body(), "the body has ended");
  } finally {
    configure({ onUnhandled: undefined });
  }
}

testWith(
  "shared memory",
  "a start that throws while calls are sent, and whoever hears it calls again: each call runs once",
  async () => {
    let starts = 0;
    const pool = new WorkerPool<Functions>(() => {
      if (++starts === 2) throw new RangeError("no second one");
      return start();
    }, { size: 2 });
    const counts = flagsOf();
    const calls: Promise<number>[] = [];
    let heard = 0;
    await listening(() => {
      heard++;
      calls.push(pool.run("countOne", [counts]), pool.run("countOne", [counts]));
    }, async () => {
      await pool.warmUp(1);
      for (let n = 0; n < 4; n++) calls.push(pool.run("countOne", [counts]));
      await Promise.all(calls);
      await Promise.all(calls);
      assertEquals([heard, calls.length, Atomics.load(counts, 0)], [1, 6, 6]);
    });
    await pool.close();
  },
);

test("a pool none of whose workers can be started, called again by whoever hears it, ends each call and rests between", async () => {
  let starts = 0;
  const pool = new WorkerPool<Functions>(() => {
    starts++;
    throw new RangeError("none at all");
  }, { size: 3 });
  let calls = 0;
  const again = async (left: number): Promise<void> => {
    calls++;
    assertInstanceOf(await errorOf(pool.run("add", [1, 2])), RangeError);
    if (left > 0) await again(left - 1);
  };
  const errors: unknown[] = [];
  await listening((error) => void errors.push(error), async () => {
    await Promise.all([again(2), again(2), again(2)]);
  });
  assertEquals(calls, 9);
  assert(starts <= 9, `${starts} starts`);
  await pool.close();
});

test("an onWorkerExit that calls the pool, or closes it, loses no call", async () => {
  const later: Promise<number>[] = [];
  const pool: WorkerPool<Tasks> = new WorkerPool<Tasks>(module, {
    size: 1,
    onWorkerExit: ({ reason }) => {
      if (reason === "failed") later.push(pool.run("add", [1, 2]));
    },
  });
  const behind = [pool.run("exit", [3]), pool.run("add", [2, 2]), pool.run("add", [3, 3])];
  assertInstanceOf(await errorOf(behind[0]!), WorkerExitError);
  assertEquals(await Promise.all(behind.slice(1)), [4, 6]);
  assertEquals(await Promise.all(later), [3]);
  await pool.close();

  const closing: Promise<void>[] = [];
  const other: WorkerPool<Tasks> = new WorkerPool<Tasks>(module, {
    size: 1,
    onWorkerExit: () => void closing.push(other.close({ timeout: 0 })),
  });
  const calls = [other.run("exit", [3]), other.run("add", [2, 2]), other.run("add", [3, 3])].map((call) =>
    errorOf(call)
  );
  const [died, ...rest] = await within(Promise.all(calls), "each call has settled");
  assertInstanceOf(died, WorkerExitError);
  for (const error of rest) assertInstanceOf(error, PoolClosedError);
  await within(Promise.all(closing), "the pool has closed");
});

test("a module that cannot be loaded rejects those who wait at once; only the next attempt waits", async () => {
  const pool = new WorkerPool(new URL("../programs/throws.mjs", import.meta.url), { size: 2 });
  const rejected = Array.from({ length: 10 }, () => errorOf(pool.run("anything", [])));
  for (const error of await within(Promise.all(rejected), "all have settled")) assertInstanceOf(error, Error);
  const chained = errorOf(pool.run("anything", []).catch(() => pool.run("anything", [])));
  assertInstanceOf(await within(chained, "the second attempt has failed"), Error);
  await within(pool.close(), "the pool has closed");
});
