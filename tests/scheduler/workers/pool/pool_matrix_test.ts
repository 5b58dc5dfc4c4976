/**
 * The fifteen ways of failing that no pool on npm gets right all together: each call settles, once, with what says why, and the
 * call after it works.
 */

import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import { PoolClosedError, WorkerExitError, WorkerPool } from "../../../../mod.ts";
import { errorOf } from "../../../support/errors.ts";
import { until } from "../../../support/within.ts";
import { flagsOf, module, type Pool, type Tasks, tellsExit, withPool } from "../pool_support.ts";
import { thisHost } from "../../../support/this_host.ts";
import { type Need, testWith } from "../../../support/needs.ts";

/** Each case answers when its call has settled as it should. */
const cases: Record<string, (pool: Pool) => Promise<void>> = {
  "an unclonable result": async (pool) => {
    const error = await errorOf(pool.run("unclonable", ["field"])) as DOMException;
    assertInstanceOf(error, DOMException);
    assertEquals(error.name, "DataCloneError");
    assert(error.message.includes("list[1].fn"), error.message);
  },
  "an error with a function among its properties": async (pool) => {
    const error = await errorOf(pool.run("fails", ["unclonable property"])) as Error & { code: string };
    assertEquals([error.message, error.code], ["kept", "E_KEPT"]);
  },
  "a custom class of error with code, cause and extras": async (pool) => {
    const error = await errorOf(pool.run("fails", ["own"])) as Error & { code: string; extra: unknown };
    assertEquals([error.name, error.code, error.extra], ["OwnError", "E_OWN", { deep: [1, 2] }]);
    const outer = await errorOf(pool.run("fails", ["cause"])) as Error;
    assertInstanceOf(outer.cause, RangeError);
  },
  "a thrown function": async (pool) => {
    assertInstanceOf(await errorOf(pool.run("fails", ["function"])), Error);
  },
  "a thrown undefined": async (pool) => {
    assertStrictEquals(await errorOf(pool.run("fails", ["undefined"])), undefined);
  },
  "process.exit(0)": async (pool) => {
    assertInstanceOf(await errorOf(pool.run("exit", [0])), WorkerExitError);
  },
  "process.exit(7)": async (pool) => {
    const error = await errorOf(pool.run("exit", [7]));
    assertInstanceOf(error, WorkerExitError);
    assertEquals(error.exitCode, tellsExit ? 7 : undefined);
  },
  "an exception in a timer": async (pool) => {
    const error = await errorOf(pool.run("throwLater", []));
    assertInstanceOf(error, WorkerExitError);
    assert(String((error.cause as Error).message).includes("thrown in a timer"));
  },
  "an unhandled rejection": async (pool) => {
    const error = await errorOf(pool.run("rejectsLater", []));
    assertInstanceOf(error, WorkerExitError);
    assert(String((error.cause as Error).message).includes("nobody caught it"));
  },
  "a busy loop that is aborted": async (pool) => {
    const flags = flagsOf();
    const controller = new AbortController();
    const call = pool.run("spinForever", [flags], { signal: controller.signal });
    await until(() => Atomics.load(flags, 0) === 1, "the call has started");
    controller.abort("stop");
    assertEquals(await errorOf(call), "stop");
  },
  "an asynchronous sleep that is aborted": async (pool) => {
    const flags = flagsOf();
    const controller = new AbortController();
    const call = pool.run("ignoresAbort", [flags], { signal: controller.signal });
    await until(() => Atomics.load(flags, 0) === 1, "the call has started");
    controller.abort("stop");
    assertEquals(await errorOf(call), "stop");
  },
  "a signal that is aborted before the call": async (pool) => {
    const flags = flagsOf();
    assertEquals(await errorOf(pool.run("count", [flags], { signal: AbortSignal.abort("early") })), "early");
    assertEquals(await pool.run("add", [1, 2]), 3);
    assertEquals(Atomics.load(flags, 0), 0);
  },
  "a buffer that was moved away before": async (pool) => {
    const buffer = new ArrayBuffer(8);
    assertEquals(await pool.run("sizeOf", [buffer], { transfer: [buffer] }), 8);
    const again = await Promise.resolve().then(() => pool.run("sizeOf", [buffer])).catch((error) => error);
    assertEquals(again.name, "DataCloneError");
  },
};

for (const [name, settles] of Object.entries(cases)) {
  const needs: Need[] = settles.toString().includes("flagsOf") ? ["shared memory"] : [];
  testWith(needs, `the matrix: ${name}; and the next call works`, async () => {
    await withPool({ size: 1, teardownTimeout: 20 }, async (pool) => {
      await settles(pool);
      assertEquals(await pool.run("add", [1, 2]), 3);
    });
  });
}

test("the matrix: out of memory, where the host has limits; and the next call works", async () => {
  const resourceLimits = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4 };
  if (!thisHost().startsWith("node")) {
    const refused = await Promise.resolve().then(() => new WorkerPool(module, { resourceLimits })).catch((e) => e);
    return assertInstanceOf(refused, TypeError);
  }
  await withPool({ size: 1, resourceLimits }, async (pool) => {
    assertInstanceOf(await errorOf(pool.run("eatMemory", [])), WorkerExitError);
    assertEquals(await pool.run("add", [1, 2]), 3);
  });
});

testWith("shared memory", "the matrix: a pool that is disposed with calls running and waiting", async () => {
  const pool = new WorkerPool<Tasks>(module, { size: 1, teardownTimeout: 20 });
  const flags = flagsOf();
  const calls = [pool.run("spinForever", [flags]), pool.run("add", [1, 2]), pool.run("later", [1, 5])].map(errorOf);
  await until(() => Atomics.load(flags, 0) === 1, "the call has started");
  await pool[Symbol.asyncDispose]();
  for (const error of await Promise.all(calls)) assertInstanceOf(error, PoolClosedError);
  assertInstanceOf(await errorOf(pool.run("add", [1, 2])), PoolClosedError);
});
