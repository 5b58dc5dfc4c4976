/**
 * The fifteen ways of failing that no pool on npm gets right all together: each call settles, once, with what says why, and the
 * call after it works. And calls that fail in all those ways at random.
 */

import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import { PoolClosedError, TimeoutError, WorkerExitError, WorkerPool } from "../../../mod.ts";
import { errorOf, flagsOf, module, type Pool, type Tasks, until, withPool } from "./pool_support.ts";

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
    // Deno tells of no code.
    assertEquals(error.exitCode, "Deno" in globalThis ? undefined : 7);
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
    await until(() => Atomics.load(flags, 0) === 1);
    controller.abort("stop");
    assertEquals(await errorOf(call), "stop");
  },
  "an asynchronous sleep that is aborted": async (pool) => {
    const flags = flagsOf();
    const controller = new AbortController();
    const call = pool.run("ignoresAbort", [flags], { signal: controller.signal });
    await until(() => Atomics.load(flags, 0) === 1);
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
  test(`the matrix: ${name}; and the next call works`, async () => {
    await withPool({ size: 1, teardownTimeout: 20 }, async (pool) => {
      await settles(pool);
      assertEquals(await pool.run("add", [1, 2]), 3);
    });
  });
}

test("the matrix: out of memory, where the host has limits; and the next call works", async () => {
  const resourceLimits = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4 };
  if ("Deno" in globalThis || "Bun" in globalThis) {
    const refused = await Promise.resolve().then(() => new WorkerPool(module, { resourceLimits })).catch((e) => e);
    return assertInstanceOf(refused, TypeError);
  }
  await withPool({ size: 1, resourceLimits }, async (pool) => {
    assertInstanceOf(await errorOf(pool.run("eatMemory", [])), WorkerExitError);
    assertEquals(await pool.run("add", [1, 2]), 3);
  });
});

test("the matrix: a pool that is disposed with calls running and waiting", async () => {
  const pool = new WorkerPool<Tasks>(module, { size: 1, teardownTimeout: 20 });
  const flags = flagsOf();
  const calls = [pool.run("spinForever", [flags]), pool.run("add", [1, 2]), pool.run("later", [1, 5])].map(errorOf);
  await until(() => Atomics.load(flags, 0) === 1);
  await pool[Symbol.asyncDispose]();
  for (const error of await Promise.all(calls)) assertInstanceOf(error, PoolClosedError);
  assertInstanceOf(await errorOf(pool.run("add", [1, 2])), PoolClosedError);
});

/** A repeatable source of chance. */
function chance(seed: number): (below: number) => number {
  return (below) => {
    seed = (seed * 1103515245 + 12345) & 0x7fffffff;
    return (seed >> 8) % below;
  };
}

test("of calls that end in every way at random, each settles exactly once, and rightly", async () => {
  const pick = chance(20_26);
  const pool = new WorkerPool<Tasks>(module, { size: 2, teardownTimeout: 10 });
  let settled = 0;
  const wrong: string[] = [];
  const expect = async (call: Promise<unknown>, right: (outcome: unknown) => boolean, what: string): Promise<void> => {
    const outcome = await call.then((value) => ({ value }), (error) => error);
    settled++;
    if (!right(outcome) && !(outcome instanceof PoolClosedError)) wrong.push(`${what}: ${String(outcome)}`);
  };
  const calls: Promise<void>[] = [];
  const died = (outcome: unknown) => outcome instanceof WorkerExitError;
  const valueOf = (value: unknown) => (outcome: unknown) => (outcome as { value: unknown }).value === value;
  // A worker that dies of one call's timer may take down the one that has started since.
  const orDied = (right: (outcome: unknown) => boolean) => (outcome: unknown) => right(outcome) || died(outcome);
  for (let n = 0; n < 150; n++) {
    const kind = pick(40);
    if (kind === 0) calls.push(expect(pool.run("exit", [n % 3]), died, "exit"));
    else if (kind === 1) calls.push(expect(pool.run("throwLater", []), died, "timer"));
    else if (kind === 2) calls.push(expect(pool.run("rejectsLater", []), died, "rejection"));
    else if (kind < 7) calls.push(expect(pool.run("fails", ["string"]), (it) => it === "a string", "throw"));
    else if (kind < 10) {
      const right = (it: unknown) => it instanceof TimeoutError;
      calls.push(expect(pool.run("ignoresAbort", [flagsOf()], { timeout: 1 + pick(30) }), right, "timeout"));
    } else if (kind < 14) {
      const controller = new AbortController();
      setTimeout(() => controller.abort("stop"), pick(30));
      const right = (it: unknown) => it === "stop" || valueOf(n)(it);
      calls.push(expect(pool.run("later", [n, pick(30)], { signal: controller.signal }), orDied(right), "abort"));
    } else if (kind < 17) {
      const right = (it: unknown) => (it as Error).name === "DataCloneError";
      calls.push(expect(pool.run("unclonable", ["field"]), right, "unclonable"));
    } else if (kind < 20) calls.push(expect(pool.run("later", [n, pick(5)]), orDied(valueOf(n)), "later"));
    else calls.push(expect(pool.run("add", [n, 1]), valueOf(n + 1), "add"));
    if (pick(4) === 0) await new Promise((resolve) => setTimeout(resolve, pick(8)));
  }
  // The last ones meet a pool that closes.
  await pool.close({ timeout: 500 });
  await Promise.all(calls);
  assertEquals(wrong, []);
  assertEquals(settled, 150);
  const { completed, failed, cancelled, running, queued, workers } = pool.statistics();
  assertEquals([completed + failed + cancelled, running, queued, workers], [150, 0, 0, 0]);
});
