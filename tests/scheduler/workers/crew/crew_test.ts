/** When workers are started, and when they end. */

import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { PoolClosedError, WorkerExitError, WorkerPool } from "../../../../mod.ts";
import { run } from "../../../support/child.ts";
import { errorOf, unhandledDuring } from "../../../support/errors.ts";
import { spin } from "../../../support/spin.ts";
import { until } from "../../../support/within.ts";
import { flagsOf, module, type Tasks, tellsExit, withPool } from "../pool_support.ts";
import { testWith } from "../../../support/needs.ts";
import { thisHost } from "../../../support/this_host.ts";

const program = (name: string): string => new URL(`../programs/${name}.ts`, import.meta.url).pathname;

testWith(
  "shared memory",
  "no worker is started before the first call; one call starts one, a burst as many as there may be",
  async () => {
    await withPool({ size: 2 }, async (pool) => {
      assertEquals(pool.statistics().workers, 0);
      await pool.run("add", [1, 2]);
      await pool.run("add", [1, 2]);
      assertEquals(pool.statistics().workers, 1);
    });
    await withPool({ size: 3 }, async (pool) => {
      const flags = flagsOf();
      const calls = [1, 2, 3, 4].map(() => pool.run("holdUntil", [flags, 1]));
      assertEquals(pool.statistics().workers, 3);
      await until(() => Atomics.load(flags, 0) === 3, "3 calls have started");
      Atomics.store(flags, 1, 1);
      await Promise.all(calls);
    });
  },
);

test("warmUp starts workers ahead and waits for them; a module that cannot be loaded rejects it", async () => {
  await withPool({ size: 2 }, async (pool) => {
    await pool.warmUp();
    assertEquals(pool.statistics().workers, 2);
    await pool.warmUp(1);
    assertEquals(pool.statistics().workers, 2);
    assertInstanceOf(await Promise.resolve().then(() => pool.warmUp(3)).catch((error) => error), RangeError);
  });
  const missing = new WorkerPool(new URL("./no_such_module.ts", import.meta.url), { size: 1 });
  assertInstanceOf(await errorOf(missing.warmUp()), Error);
  await missing.close();
  assertInstanceOf(await errorOf(missing.warmUp()), PoolClosedError);
});

test("idle workers end after idleTimeout, except min, and the pool goes on", async () => {
  await withPool({ size: 2, min: 1, idleTimeout: 10 }, async (pool) => {
    await pool.warmUp();
    await until(() => pool.statistics().workers === 1, "one worker is left");
    assertEquals(await pool.run("add", [1, 2]), 3);
  });
  await withPool({ size: 2, idleTimeout: 0 }, async (pool) => {
    assertEquals(await pool.run("add", [1, 2]), 3);
    await until(() => pool.statistics().workers === 0, "no worker is left");
    assertEquals(await pool.run("add", [1, 2]), 3);
  });
});

test("a module that cannot be loaded rejects what waits with its error, and is not tried in a tight loop", async () => {
  const pool = new WorkerPool(new URL("./no_such_module.ts", import.meta.url), { size: 2 });
  const errors = await Promise.all([1, 2, 3].map(() => errorOf(pool.run("anything", []))));
  for (const error of errors) {
    const { message } = error as Error;
    assert(/no_such_module/.test(message), message);
    assert(!message.includes("data:"), "the message has all the text that threads start from");
  }
  assert(/no_such_module/.test((await errorOf(pool.run("anything", [])) as Error).message));
  await pool.close();
});

test("a module that throws, exits or does not parse rejects what waits", async () => {
  for (
    const [name, pattern] of [["throws", /at the top level/], ["exits", /ended/], ["does_not_parse", /./]] as const
  ) {
    const pool = new WorkerPool(new URL(`../programs/${name}.mjs`, import.meta.url), { size: 1 });
    const error = await errorOf(pool.run("anything", []));
    assertInstanceOf(error, Error);
    assert(pattern.test(error.message), error.message);
    if (name === "exits") assertInstanceOf(error, WorkerExitError);
    await pool.close();
  }
});

testWith("shared memory", "a worker that ends itself, or is found dead when a job comes, is replaced", async () => {
  await withPool({ size: 1 }, async (pool) => {
    assertInstanceOf(await errorOf(pool.run("close", [])), WorkerExitError);
    const flags = flagsOf();
    assertEquals(await pool.run("threadNumber", [flags]), 1);
    assertEquals(await pool.run("exitSoon", []), "result");
    // It ends at a moment of its own, with a call or without.
    let number = 1;
    while (number === 1) number = await pool.run("threadNumber", [flags]).catch(() => 1);
    assertEquals(number, 2);
  });
});

test("an error that kills a worker after its call has ended rejects nothing and goes to onUnhandled", async () => {
  const reported = await unhandledDuring((reported) =>
    withPool({ size: 1 }, async (pool) => {
      assertEquals(await pool.run("throwAfterResult", []), "result");
      await until(() => reported.length > 0, "the error is reported");
      assertInstanceOf(reported[0], WorkerExitError);
      assert(String((reported[0].cause as Error).message).includes("thrown after the result"));
      assertEquals(await pool.run("add", [1, 2]), 3);
    })
  );
  assertEquals(reported.length, 1);
});

test("a worker out of memory rejects its call, with the code where the host has limits (Node)", async () => {
  if (!thisHost().startsWith("node")) {
    // Web workers have no limits: the option is refused, and said so in the guide.
    assertInstanceOf(
      await Promise.resolve().then(() => new WorkerPool(module, { resourceLimits: { maxOldGenerationSizeMb: 16 } }))
        .catch((error) => error),
      TypeError,
    );
    return;
  }
  await withPool(
    { size: 1, resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4 } },
    async (pool) => {
      const error = await errorOf(pool.run("eatMemory", []));
      assertInstanceOf(error, WorkerExitError);
      assertEquals(error.code, "ERR_WORKER_OUT_OF_MEMORY");
      assertEquals(await pool.run("add", [1, 2]), 3);
    },
  );
});

testWith("programs", "a pool that is unused, idle or closed holds no process", async () => {
  for (const kind of ["unused", "idle", "closed"]) {
    const { code, stdout, stderr } = await run(program("holds"), [kind]);
    assertEquals([kind, code, stdout.trim()], [kind, 0, "end of the program"], stderr);
  }
});

testWith(
  "programs",
  "a pending call, a retried one and a closing pool hold the process until they are done",
  async () => {
    for (const kind of ["pending", "waits for the module", "closing", "busy stream"]) {
      const { code, stdout, stderr } = await run(program("holds"), [kind]);
      assertEquals([kind, code, stdout.trim()], [kind, 0, "end of the program\ndone"], stderr);
    }
  },
);

testWith("programs", "a stream that was left half read holds neither the process nor close()", async () => {
  for (const kind of ["left stream", "slow left stream", "left stream, closed"]) {
    const { code, stdout, stderr } = await run(program("holds"), [kind]);
    assertEquals([kind, code, stdout.trim().split("\n").sort()], [kind, 0, ["done", "end of the program"]], stderr);
  }
});

test("workers of a pool may have pools of their own", async () => {
  const pool = new WorkerPool<typeof import("../programs/nested.ts")>(
    new URL("../programs/nested.ts", import.meta.url),
    {
      size: 1,
    },
  );
  assertEquals(await pool.run("depth", [2]), 2);
  await pool.close();
});

test("a closed pool's threads have ended when close() settles", async () => {
  const pool = new WorkerPool<Tasks>(module, { size: 2 });
  await pool.warmUp();
  await pool.close();
  assertEquals(pool.statistics().workers, 0);
});

test("a pool that is closed when its workers have said they are ready, but nobody has heard it yet, ends", async () => {
  const pool = new WorkerPool<Tasks>(module, { size: 2 });
  const warm = pool.warmUp().catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 1));
  // The threads load the module while this one hears nothing.
  spin(600);
  await pool.close();
  await warm;
  assertEquals(pool.statistics().workers, 0);
});

testWith(
  "shared memory",
  "a worker that exits rejects the call it had started, and the waiting ones run elsewhere, once, in order",
  async () => {
    await withPool({ size: 1 }, async (pool) => {
      await pool.warmUp();
      const order = flagsOf(64);
      const dying = pool.run("exit", [7]);
      const calls = Array.from({ length: 20 }, (_, n) => pool.run("note", [order, n]));
      const error = await errorOf(dying);
      assertInstanceOf(error, WorkerExitError);
      if (tellsExit) assertEquals(error.exitCode, 7);
      assertEquals(await Promise.all(calls), Array.from({ length: 20 }, (_, n) => n));
      assertEquals(order[0], 20);
      assertEquals([...order.slice(1, 21)], Array.from({ length: 20 }, (_, n) => n));
    });
  },
);

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
