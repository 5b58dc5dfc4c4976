/** The stacks of failed calls: the worker's frames, then those of whoever made the call. */

import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import { group } from "../../../../mod.ts";
import { flagsOf, type Pool, withPool } from "../pool_support.ts";
import { testWith } from "../../../support/needs.ts";

const separator = "    -- called from --";

/** The ways of calling, each in a function whose name the stack is to have, and what of the worker's it is to have. */
const ways: [(pool: Pool) => Promise<unknown>, string][] = [
  [async function asCalled(pool) {
    return await pool.run("fails", ["own"]);
  }, "fails"],
  [async function asMethod(pool) {
    return await pool.functions.fails("cause");
  }, "fails"],
  [async function asMap(pool) {
    return await pool.map("oddFails", [2, 1]);
  }, "oddFails"],
  [async function asStream(pool) {
    for await (const _ of pool.stream("failing", [1])) { /* until it fails */ }
  }, "failing"],
  [async function asReaction(pool) {
    return await pool.run("fails", ["list"]).catch((error) => {
      throw error;
    });
  }, "fails"],
  [async function asOneOfSeveral(pool) {
    return await Promise.all([pool.run("add", [1, 2]), pool.run("fails", ["aggregate"])]);
  }, "fails"],
  [async function asChild(pool) {
    return await group((g) =>
      g.spawn(async function child() {
        await pool.run("fails", ["own"]);
      })
    );
  }, "fails"],
];

for (const [way, workersOwn] of ways) {
  test(`the stack has the worker's frames, a line, and those of the caller: ${way.name}`, async () => {
    await withPool({ size: 1 }, async (pool) => {
      await pool.warmUp();
      const error = await way(pool).catch((error) => error);
      assertInstanceOf(error, Error);
      const [inner, outer, ...rest] = error.stack!.split(`\n${separator}\n`);
      assertEquals(rest, []);
      assert(inner!.startsWith(`${error.name}: ${error.message}`) || inner!.includes(error.message), inner);
      assert(inner!.includes(workersOwn) && inner!.includes("tasks.ts"), error.stack);
      assert(outer!.includes(way === ways.at(-1)![0] ? "child" : way.name), error.stack);
      assert(!outer!.includes("worker_pool.ts"), error.stack);
    });
  });
}

testWith("shared memory", "a timeout and the death of a worker tell where the call was made, too", async () => {
  await withPool({ size: 1, teardownTimeout: 10 }, async (pool) => {
    async function timedOut(): Promise<unknown> {
      return await pool.run("ignoresAbort", [flagsOf()], { timeout: 20 });
    }
    async function bereft(): Promise<unknown> {
      return await pool.run("exit", [1]);
    }
    for (const [call, name] of [[timedOut, "TimeoutError"], [bereft, "WorkerExitError"]] as const) {
      const error = await call().catch((error) => error) as Error;
      assertEquals(error.name, name);
      assert(error.stack!.split(separator)[1]!.includes(call.name), error.stack);
    }
  });
});

testWith(
  "own frames",
  "what the library throws in the worker keeps the place where it was thrown; the pool's way to the function is left out",
  async () => {
    await withPool({ size: 1 }, async (pool) => {
      const error = await pool.run("transferWithoutList", []).catch((error) => error) as Error;
      const files = [...error.stack!.split(separator)[0]!.matchAll(/([\w/]+\.ts):\d+:\d+/g)].map(([, file]) => file!);
      assertEquals(files.map((file) => file.split("/").slice(-2).join("/")), ["wire/markers.ts", "workers/tasks.ts"]);
    });
  },
);

test("what is not the pool's own is left as it is: reasons of signals, thrown primitives, what onProgress throws", async () => {
  await withPool({ size: 1 }, async (pool) => {
    const reason = new Error("the caller's");
    const { stack } = reason;
    const controller = new AbortController();
    const call = pool.run("later", [1, 60_000], { signal: controller.signal }).catch((error) => error);
    controller.abort(reason);
    assertStrictEquals(await call, reason);
    const thrown = await pool.run("progressing", [1], {
      onProgress: () => {
        throw reason;
      },
    }).catch((error) => error);
    assertStrictEquals(thrown, reason);
    assertEquals(reason.stack, stack);
    assertEquals(await pool.run("fails", ["string"]).catch((error) => error), "a string");
  });
});

test("a failed call that nobody has awaited yet rejects once, and its error keeps the worker's frames", async () => {
  await withPool({ size: 1 }, async (pool) => {
    const call = pool.run("fails", ["own"]);
    call.catch(() => {});
    await pool.run("add", [1, 2]);
    const error = await call.catch((error) => error) as Error;
    assert(error.stack!.includes("tasks.ts"), error.stack);
  });
});

test("with many calls in flight the caller's frames are there where they cost nothing: everywhere but on Bun", async () => {
  await withPool({ size: 1 }, async (pool) => {
    await pool.warmUp();
    async function oneOfMany(): Promise<unknown> {
      return await pool.run("fails", ["own"]).catch((error) => error);
    }
    const calls = Array.from({ length: 20 }, () => pool.run("add", [1, 2]));
    const { stack } = await oneOfMany() as Error;
    await Promise.all(calls);
    assert(stack!.includes("tasks.ts"), stack);
    assertEquals(stack!.includes("oneOfMany"), !("Bun" in globalThis), stack);
  });
});
