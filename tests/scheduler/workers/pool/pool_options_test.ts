/** What the options of a pool do, and which are refused. */

import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { WorkerPool, type WorkerPoolOptions } from "../../../../mod.ts";
import { run } from "../../../support/child.ts";
import { errorOf, thrownBy } from "../../../support/errors.ts";
import { thisHost } from "../../../support/this_host.ts";
import { flagsOf, module } from "../pool_support.ts";
import { testWith } from "../../../support/needs.ts";

const environment = new URL("../programs/environment.ts", import.meta.url);
type Environment = typeof import("../programs/environment.ts");
const host = thisHost();

async function withEnvironment<T>(
  options: WorkerPoolOptions,
  body: (pool: WorkerPool<Environment>) => Promise<T>,
): Promise<T> {
  const pool = new WorkerPool<Environment>(environment, { size: 1, ...options });
  try {
    return await body(pool);
  } finally {
    await pool.close({ timeout: 0 });
  }
}

test("env, argv and execArgv reach the workers of Node and Bun; elsewhere they are a TypeError", async () => {
  const options: WorkerPoolOptions = { env: { FOUND: "here", NOT: undefined }, argv: ["one", "two"], execArgv: [] };
  if (host === "deno" || host === "browser") {
    for (const [key, value] of Object.entries(options)) {
      const error = thrownBy(() => new WorkerPool(module, { [key]: value }));
      assertInstanceOf(error, TypeError);
      assert(error.message.includes(key) && error.message.includes(host), error.message);
    }
    return;
  }
  await withEnvironment(options, async (pool) => {
    const { FOUND, HOME, argv, execArgv } = await pool.run("found", []);
    assertEquals({ FOUND, HOME, argv, execArgv }, {
      FOUND: "here",
      HOME: undefined,
      argv: ["one", "two"],
      execArgv: [],
    });
  });
  await withEnvironment({ execArgv: ["--no-warnings"] }, async (pool) => {
    assert((await pool.run("found", [])).execArgv.includes("--no-warnings"));
  });
});

test("a flag that the host does not let a thread have rejects the calls (Node)", async () => {
  if (!host.startsWith("node")) return assertEquals(["deno", "bun", "browser"].includes(host), true);
  await withEnvironment({ execArgv: ["--no-warnings", "--expose-gc"] }, async (pool) => {
    const error = await errorOf(pool.run("found", [])) as TypeError & { code: string };
    assertEquals([error.name, error.code], ["TypeError", "ERR_WORKER_INVALID_EXEC_ARGV"]);
    assert(error.message.endsWith(": --expose-gc"), error.message);
  });
});

testWith(
  "shared memory",
  "workerData is there when the module is loaded, a copy for each worker, and of when the pool was made",
  async () => {
    const flags = flagsOf();
    const data = { list: [1, 2, 3], flags };
    await withEnvironment({ workerData: data, size: 1 }, async (pool) => {
      data.list.push(99);
      const { atLoad, now } = await pool.run("data", []) as { atLoad: typeof data; now: typeof data };
      assertEquals([atLoad.list, now.list], [[1, 2, 3], [1, 2, 3]]);
      Atomics.store(flags, 0, 5);
      assertEquals(Atomics.load(now.flags, 0), 5);
      await pool.run("change", []);
      assertEquals((await pool.run("data", []) as { now: typeof data }).now.list, [1, 2, 3, 4]);
    });
    await withEnvironment({}, async (pool) => {
      assertEquals(await pool.run("data", []), { atLoad: undefined, now: undefined });
    });
    const error = thrownBy(() => new WorkerPool(module, { workerData: { deep: [() => 1] } })) as DOMException;
    assertEquals(error.name, "DataCloneError");
    assert(error.message.includes("workerData.deep[0]"), error.message);
  },
);

test("errors and URLs in workerData arrive whole, and what a host would send as an empty object is refused", async () => {
  const cause = new URL("http://a/cause");
  const error = Object.assign(new RangeError("m", { cause }), { name: "OwnError", code: "E_OWN" });
  const workerData = { deep: [{ error }], urls: new Map([["home", new URL("http://a/b")]]) };
  await withEnvironment({ workerData }, async (pool) => {
    const { atLoad } = await pool.run("told", []) as { atLoad: unknown };
    assertEquals(atLoad, ["OwnError", "RangeError", "m", "E_OWN", "http://a/cause", "http://a/b"]);
  });
  for (const emptied of [new Headers(), new FormData(), new AbortController(), new AbortController().signal]) {
    const refusal = thrownBy(() => new WorkerPool(module, { workerData: { deep: [emptied] } })) as DOMException;
    assertEquals(refusal.name, "DataCloneError");
    assert(refusal.message.includes("workerData.deep[0]"), refusal.message);
  }
});

test("keys that are not known, or inherited, are refused, and what is in Object.prototype reaches no thread", async () => {
  const make = (options: object) => () => new WorkerPool(module, options);
  const unknown = thrownBy(make({ maxThreads: 4 }));
  assertInstanceOf(unknown, TypeError);
  assert(/size.*"maxThreads"/.test(unknown.message), unknown.message);
  assertThrows(make(Object.create({ size: 2 })), TypeError);
  assertThrows(make(Object.assign(Object.create({ env: {} }), { size: 2 })), TypeError);
  if (host !== "deno") assertThrows(make({ env: Object.create({ PATH: "/" }) }), TypeError);
  if (host.startsWith("node")) {
    assertThrows(make({ resourceLimits: Object.create({ maxOldGenerationSizeMb: 1 }) }), TypeError);
  }
  // Not enumerable, as a careful attacker would have it.
  Object.defineProperty(Object.prototype, "argv", { value: ["polluted"], configurable: true });
  try {
    assertThrows(make({}), TypeError);
  } finally {
    delete (Object.prototype as { argv?: unknown }).argv;
  }
  // There when the thread is started, after the options were read.
  await withEnvironment({}, async (pool) => {
    Object.defineProperty(Object.prototype, "env", { value: { FOUND: "polluted" }, configurable: true });
    try {
      const call = pool.run("found", []);
      delete (Object.prototype as { env?: unknown }).env;
      assert((await call).FOUND !== "polluted");
    } finally {
      delete (Object.prototype as { env?: unknown }).env;
    }
  });
});

test("options of a wrong kind are refused", () => {
  const wrong: Record<string, unknown[]> = host === "deno"
    ? { permissions: ["all", 1, null, []] }
    : { env: ["FOUND", null, { FOUND: 1 }, []], argv: ["one", [1], {}], execArgv: ["--flag", [null]] };
  for (const [key, values] of Object.entries(wrong)) {
    for (const value of values) assertThrows(() => new WorkerPool(module, { [key]: value }), TypeError);
  }
});

test("errors are classes of errors", () => {
  for (const errors of [Error, [Error.prototype], [class {}], ["RangeError"], [() => {}]]) {
    assertThrows(() => new WorkerPool(module, { errors } as unknown as WorkerPoolOptions), TypeError);
  }
});

test("permissions are Deno's, where they want a flag; elsewhere they are a TypeError", async () => {
  if (host !== "deno") {
    assertThrows(() => new WorkerPool(module, { permissions: "none" }), TypeError);
    return;
  }
  const program = new URL("../programs/permissions.ts", import.meta.url).pathname;
  const { stdout, stderr } = await run(program, [], { flags: ["--unstable-worker-options"] });
  assertEquals(stdout.trim(), "true false", stderr);
  const without = await run(program, []);
  assert(without.stderr.includes("--unstable-worker-options"), without.stderr);
  assertEquals(without.code, 70);
});
