/** Values that bite whoever reads them, or have no end: a call ends with them, and nothing else does. */

import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { callback, WorkerPool, type WorkerPoolOptions } from "../../../../mod.ts";
import { unhandledDuring } from "../../../support/errors.ts";
import { within } from "../../../support/within.ts";
import * as here from "../hostile_tasks.ts";

type Tasks = typeof here;
const module = new URL("../hostile_tasks.ts", import.meta.url);

/** What arrives whole, and is no case of refusal. */
const whole: readonly string[] = [
  "error with getters",
  "error with getters inside",
  "error in many fields of its own",
  "sparse with errors",
  "map with error keys",
  "aggregate",
];

const hostile = here.kinds.filter((kind) => !whole.includes(kind));

/** What a call comes to, as a word; it has to come to something. */
async function outcome(what: string, call: () => Promise<unknown>): Promise<string> {
  try {
    await within(Promise.resolve().then(call), what, 10_000);
    return "result";
  } catch (error) {
    if (typeof error !== "object" || error === null) return String(error);
    try {
      return String((error as Error).name);
    } catch {
      return "an error that bites";
    }
  }
}

async function withTasks(options: WorkerPoolOptions, body: (pool: WorkerPool<Tasks>) => Promise<void>): Promise<void> {
  const pool = new WorkerPool<Tasks>(module, { size: 1, ...options });
  try {
    await body(pool);
  } finally {
    await within(pool.close({ timeout: 0 }), "the pool has closed");
  }
}

async function playAll(pool: WorkerPool<Tasks>): Promise<string[]> {
  const wrong: string[] = [];
  const reported = await unhandledDuring(async () => {
    for (const kind of here.kinds) {
      const ways: Record<string, () => Promise<unknown>> = {
        gives: () => pool.run("gives", [kind]),
        givesLater: () => pool.run("givesLater", [kind]),
        throws: () => pool.run("throws", [kind]),
        reports: () => pool.run("reports", [kind], { onProgress: () => {} }),
        reportsLater: () => pool.run("reportsLater", [kind], { onProgress: () => {} }),
        takes: () => pool.run("takes", [here.make(kind)]),
        takesBeside: () => Promise.all([pool.run("takes", [1]), pool.run("takes", [here.make(kind)])]),
        maps: () => pool.map("takes", [here.make(kind)]),
        yields: async () => {
          for await (const _ of pool.stream("yields", [kind])) { /* read */ }
        },
        asks: () => pool.run("asks", [callback(() => 1), kind]),
        asked: () => pool.run("asked", [callback(() => here.make(kind))]),
        abort: () => pool.run("takes", [1], { signal: AbortSignal.abort(here.make(kind)) }),
      };
      for (const [way, call] of Object.entries(ways)) {
        const what = `${kind}: ${way}`;
        const came = await outcome(what, call);
        if (/WorkerExit|It has not come|^TimeoutError/.test(came)) wrong.push(`${what} -> ${came}`);
        if (whole.includes(kind) && came !== "result" && !["throws", "abort"].includes(way)) {
          wrong.push(`${what} -> ${came}`);
        }
        const after = await outcome(`after ${what}`, () => pool.run("takes", [1]));
        if (after !== "result") wrong.push(`after ${what} -> ${after}`);
      }
    }
  });
  for (const error of reported) wrong.push(`reported: ${error}`);
  return wrong;
}

test("values that bite whoever reads them, and values without end, reject their call alone", async () => {
  let exits = 0;
  const onWorkerExit = ({ reason }: { reason: string }): void => void (exits += reason === "closed" ? 0 : 1);
  await withTasks({ onWorkerExit }, async (pool) => {
    assertEquals(await playAll(pool), []);
    assertEquals(exits, 0);
  });
});

test("they do so inline", async () => {
  await withTasks({ inline: Infinity, teardownTimeout: 20 }, async (pool) => {
    for (let n = 0; pool.statistics().inlined === 0; n++) {
      assert(n < 10_000);
      await pool.run("gives", ["aggregate"]);
    }
    for (const name of ["takes", "reports"] as const) {
      for (let n = 0; n < 100; n++) await pool.run(name, ["aggregate"]);
    }
    for (let n = 0; n < 100; n++) await outcome("throws", () => pool.run("throws", ["aggregate"]));
    assertEquals(await playAll(pool), []);
  });
});

test("of values with many levels each arrives whole or is refused, both ways and thrown", async () => {
  let exits = 0;
  const onWorkerExit = ({ reason }: { reason: string }): void => void (exits += reason === "closed" ? 0 : 1);
  await withTasks({ onWorkerExit }, async (pool) => {
    for (const levels of [10, 450, 550, 1100, 1500, 2000, 3000, 5000, 8000, 20_000]) {
      const right = levels < 500 ? "result" : "DataCloneError";
      assertEquals([levels, await outcome("takes", () => pool.run("takes", [here.deep(levels)]))], [levels, right]);
      assertEquals([levels, await outcome("gives", () => pool.run("deep", [levels]))], [levels, right]);
      const thrown = await outcome("throws", () => pool.run("throwsDeep", [levels]));
      assertEquals([levels, thrown === "Error"], [levels, levels > 500]);
    }
    assertEquals(exits, 0);
  });
});

test("errors arrive in sparse arrays, as keys of maps and several in one", async () => {
  await withTasks({}, async (pool) => {
    const sparse = await pool.run("gives", ["sparse with errors"]) as unknown[];
    assertEquals([sparse.length, Object.keys(sparse)], [5, ["1", "4"]]);
    assertInstanceOf(sparse[1], RangeError);
    assertInstanceOf(sparse[4], TypeError);
    const map = await pool.run("gives", ["map with error keys"]) as Map<unknown, unknown>;
    const [[key, value], last] = [...map] as [[unknown, unknown], unknown];
    assertInstanceOf(key, RangeError);
    assertInstanceOf(value, TypeError);
    assertEquals(last, ["b", 1]);
    const { inner } = await pool.run("gives", ["aggregate"]) as { inner: AggregateError };
    assertInstanceOf(inner, AggregateError);
    assertInstanceOf(inner.errors[0], RangeError);
    assertEquals([inner.message, ...inner.errors.slice(1)], ["several", "two", [1]]);
    const { list: [error] } = await pool.run("gives", ["error with getters inside"]) as { list: [Error] };
    assertInstanceOf(error, Error);
    assert(hostile.length > 10);
  });
});

test("an iterator that gives what is no result fails its stream or map, and does not go on without end", async () => {
  await withTasks({}, async (pool) => {
    const next: () => never = () => 5 as never;
    const calls: Record<string, () => Promise<unknown>> = {
      stream: () => pool.stream("junk", []).next(),
      map: () => pool.map("takes", { [Symbol.iterator]: () => ({ next }) }),
      "map of an async iterable": () => pool.map("takes", { [Symbol.asyncIterator]: () => ({ next }) }),
    };
    for (const [what, call] of Object.entries(calls)) {
      assertEquals([what, await outcome(what, call)], [what, "TypeError"]);
    }
    assertEquals(await pool.run("takes", [1]), "taken");
  });
});
