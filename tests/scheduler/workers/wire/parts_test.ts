/** Values with parts that travel apart. */

import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { callback } from "../../../../mod.ts";
import { isPart } from "../../../../scheduler/workers/wire/gaps.ts";
import { putTogether, takeApart } from "../../../../scheduler/workers/wire/parts.ts";
import { errorOf } from "../../../support/errors.ts";
import { withPool } from "../pool_support.ts";

/** A value as it comes out on the other side. */
function sent(value: unknown): unknown {
  const parts = new Set<object>();
  const seen = new Set<unknown>();
  function look(at: unknown): void {
    if (typeof at !== "object" || at === null || seen.has(at)) return;
    seen.add(at);
    if (isPart(at)) return void parts.add(at);
    const inner = at instanceof Map ? [...at].flat() : at instanceof Set ? [...at] : Object.values(at);
    inner.forEach(look);
  }
  look(value);
  return putTogether(structuredClone(takeApart([value], parts)))[0];
}

const leaf = fc.oneof(
  fc.integer(),
  fc.string(),
  fc.constant(undefined),
  fc.string().map((message) => new RangeError(message)),
  fc.integer({ min: 0 }).map((port) => new URL(`http://a/${port}`)),
);
const { value: anything } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    leaf,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.string(), tie("value"), { maxKeys: 4 }),
    fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 3 }).map((entries) => new Map(entries)),
    fc.array(tie("value"), { maxLength: 3 }).map((items) => new Set(items)),
  ),
}));

/** A value with errors and URLs told by what they are, to be compared. */
function told(value: unknown): unknown {
  if (value instanceof URL) return `URL ${value.href}`;
  if (value instanceof Error) return `${value.constructor.name} ${value.name} ${value.message}`;
  if (value instanceof Map) return [...value].map(([key, item]) => [told(key), told(item)]);
  if (value instanceof Set) return [...value].map(told);
  if (Array.isArray(value)) return value.map(told);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value).map(([key, item]) => [key, told(item)]);
}

test("whatever holds errors and URLs, and wherever, arrives as it was, and is not changed", () => {
  fc.assert(fc.property(anything, (value) => {
    const before = told(value);
    assertEquals(told(sent(value)), before);
    assertEquals(told(value), before);
  }));
});

test("what holds itself, or stands in two places, does so on the other side", () => {
  const shared = { list: [1] };
  const value: Record<string, unknown> = { error: new Error("x"), shared, again: shared };
  value["self"] = value;
  const copy = sent(value) as typeof value;
  assertStrictEquals(copy["self"], copy);
  assertStrictEquals(copy["shared"], copy["again"]);
  assertInstanceOf(copy["error"], Error);
});

test("a key like __proto__ is a key like any other", () => {
  const value = JSON.parse(`{"__proto__": {"polluted": true}}`);
  value.error = new Error("x");
  const copy = sent(value) as object;
  assertEquals(Object.keys(copy), ["__proto__", "error"]);
  assertEquals((copy as { polluted?: unknown }).polluted, undefined);
});

test("arguments, results, streams, maps, progress and callbacks keep errors and URLs whole", async () => {
  await withPool({ size: 1 }, async (pool) => {
    const error = Object.assign(new RangeError("too much"), { code: "E_QUOTA" });
    const value = { error, url: new URL("http://a/b?c"), dom: new DOMException("late", "AbortError") };
    function check(got: unknown): void {
      const { error, url, dom } = got as typeof value;
      assertInstanceOf(error, RangeError);
      assertEquals([error.message, (error as { code?: string }).code], ["too much", "E_QUOTA"]);
      assertInstanceOf(url, URL);
      assertEquals(url.href, "http://a/b?c");
      assertInstanceOf(dom, DOMException);
      assertEquals([dom.message, dom.name], ["late", "AbortError"]);
    }
    check(await pool.run("identity", [value]));
    check((await pool.run("identity", [[value]]) as unknown[])[0]);
    for (const each of await pool.map("identity", [value, value, value])) check(each);
    assertInstanceOf(await pool.run("identity", [error]), RangeError);
    assertInstanceOf(await pool.run("identity", [value.url]), URL);
    const back = await pool.run("callsWith", [callback((got: unknown) => (check(got), got)), value]);
    check(back);
    const progress: unknown[] = [];
    await pool.run("progressOf", [value], { onProgress: (got) => progress.push(got) });
    check(progress[0]);
    for await (const got of pool.stream("streamOf", [value])) check(got);
  });
});

test("what a host would send as an empty object is refused, by its path", async () => {
  await withPool({ size: 1 }, async (pool) => {
    const values = [new Headers(), new FormData(), new Response("x"), new AbortController(), new Intl.NumberFormat()];
    for (const value of values) {
      let error: unknown;
      try {
        error = await errorOf(pool.run("identity", [{ deep: [value] }]));
      } catch (thrown) {
        error = thrown;
      }
      assertEquals((error as Error).name, "DataCloneError");
      assert(/args\[0\]\.deep\[0\] \(/.test((error as Error).message), String(error));
    }
    assertEquals(await pool.run("double", [2]), 4);
  });
});

test("arguments that only the host refuses are named by their path too", async () => {
  await withPool({ size: 1 }, async (pool) => {
    const list = Object.assign([1], { also: () => 1 });
    const error = await errorOf(pool.run("identity", [{ list }])) as Error;
    assertEquals([error.name, /args\[0\]\.list\.also \(/.test(error.message)], ["DataCloneError", true], error.message);
    assertEquals(await pool.run("double", [2]), 4);
  });
});

test("a result or an answer that cannot be sent names its part, and the worker lives on", async () => {
  await withPool({ size: 1 }, async (pool) => {
    const first = await errorOf(pool.run("givesArguments", [])) as Error;
    assertEquals([first.name, /\.deep \(\[object Arguments\]\)/.test(first.message)], ["DataCloneError", true]);
    const answer = callback(() => ({ deep: () => 1 }));
    const second = await errorOf(pool.run("callsWith", [answer, 1])) as Error;
    assertEquals([second.name, /the result of a callback\.deep/.test(second.message)], ["DataCloneError", true]);
    assertEquals([await pool.run("double", [2]), pool.statistics().workers], [4, 1]);
  });
});

for (const kind of ["proxy", "revoked", "later"] as const) {
  test(`a thrown proxy that throws at every touch (${kind}) rejects its call, and the worker lives on`, async () => {
    await withPool({ size: 1 }, async (pool) => {
      const error = await errorOf(pool.run("throwsProxy", [kind]));
      assertInstanceOf(error, Error);
      assertEquals(error.name, "Error");
      assertEquals([await pool.run("double", [2]), pool.statistics().workers], [4, 1]);
    });
  });
}

test("an error with 20,000 causes arrives with the first of them", async () => {
  await withPool({ size: 1 }, async (pool) => {
    const error = await errorOf(pool.run("throwsChain", [20_000])) as Error;
    assertEquals([error.message, (error.cause as Error).message], ["19999", "19998"]);
    const { inner } = await pool.run("givesChain", [20_000]);
    assertEquals([inner.message, (inner.cause as Error).message], ["19999", "19998"]);
  });
});
