/** Errors on their way between threads: the codec by itself, and through a pool. */

import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import { decodeError, encodeError, threadName } from "../../../../scheduler/workers/wire/error_codec.ts";
import { errorOf } from "../../../support/errors.ts";
import { thisHost } from "../../../support/this_host.ts";
import { withPool } from "../pool_support.ts";
import type { Failure } from "../tasks.ts";

/** An error as it comes out on the other side. */
function sent(thrown: unknown): unknown {
  return decodeError(structuredClone(encodeError(thrown)));
}

test("name, message, code, extras, cause chain and the worker's stack survive a pool", async () => {
  await withPool({ size: 1 }, async (pool) => {
    const fails = (kind: Failure) => errorOf(pool.run("fails", [kind]));
    const own = await fails("own") as Error & { code: string; extra: unknown };
    assertInstanceOf(own, Error);
    assertEquals([own.name, own.message, own.code, own.extra], ["OwnError", "of its own", "E_OWN", { deep: [1, 2] }]);
    assert(own.stack!.includes("tasks.ts"), own.stack);
    const cause = await fails("cause") as Error;
    assertInstanceOf(cause, TypeError);
    assertInstanceOf(cause.cause, RangeError);
    assertEquals((cause.cause as Error).message, "inner");
    const aggregate = await fails("aggregate");
    assertInstanceOf(aggregate, AggregateError);
    assertEquals(aggregate.errors.map((each: Error) => each.message), ["one", "two"]);
    const list = await fails("list") as Error & { errors: unknown };
    assertInstanceOf(list, TypeError);
    assertEquals(list.errors, [{ field: "name" }]);
    const dom = await fails("dom") as DOMException;
    assertInstanceOf(dom, DOMException);
    assertEquals([dom.name, dom.message, dom.code], ["AbortError", "stopped", 20]);
    const kept = await fails("unclonable property") as Error & { fn?: unknown; code: string; other: Error };
    assertEquals([kept.message, kept.code, "fn" in kept], ["kept", "E_KEPT", false]);
    assertInstanceOf(kept.other, RangeError);
    assertEquals((await fails("throwing getter") as Error).message, "kept");
    assertEquals((await fails("cycle") as Error).message, "cycle");
    assertInstanceOf(await fails("frozen"), RangeError);
    assertEquals(pool.statistics().workers, 1);
  });
});

test("thrown primitives and plain data arrive as they are; functions and symbols as an Error", async () => {
  await withPool({ size: 1 }, async (pool) => {
    const fails = (kind: Failure) => errorOf(pool.run("fails", [kind]));
    assertStrictEquals(await fails("undefined"), undefined);
    assertStrictEquals(await fails("null"), null);
    assertStrictEquals(await fails("string"), "a string");
    assertStrictEquals(await fails("bigint"), 7n);
    assertEquals(await fails("object"), { plain: [1, 2] });
    for (const kind of ["function", "symbol"] as const) {
      const error = await fails(kind);
      assertInstanceOf(error, Error);
      assert(error.message.includes("thrown"), error.message);
    }
    assertEquals(pool.statistics().workers, 1);
  });
});

test("an error of a class of the user's comes back as the built-in class it extends", () => {
  class Special extends RangeError {
    override name = "Special";
  }
  const error = sent(new Special("out of range"));
  assertInstanceOf(error, RangeError);
  assertEquals([error.name, error.message], ["Special", "out of range"]);
});

test("a subclass of AggregateError keeps its errors, however nested, and what is no error stays itself", () => {
  class Many extends AggregateError {}
  const error = sent(new Many([new TypeError("one"), "two", new AggregateError([undefined], "inner")], "many"));
  assertInstanceOf(error, AggregateError);
  const [one, two, inner] = error.errors;
  assertInstanceOf(one, TypeError);
  assertEquals(two, "two");
  assertInstanceOf(inner, AggregateError);
  assertEquals(inner.errors, [undefined]);
});

test("whatever an error is like, encoding it never throws", () => {
  const hostile = new Proxy(new Error("hostile"), {
    ownKeys() {
      throw new Error("no keys");
    },
  });
  assertInstanceOf(sent(hostile), Error);
  const odd = Object.defineProperties(new Error("odd"), {
    name: { value: 7 },
    message: { get: () => 1 },
    stack: { value: {} },
  });
  assertInstanceOf(sent(odd), Error);
  assertInstanceOf(
    sent(Object.create(null, {
      toString: {
        value: () => {
          throw 1;
        },
      },
      fn: { value: () => 1, enumerable: true },
    })),
    Error,
  );
  let deep = new Error("0");
  for (let n = 1; n < 100; n++) deep = new Error(String(n), { cause: deep });
  let length = 0;
  for (let at: unknown = sent(deep); at instanceof Error; at = at.cause) length++;
  assert(length >= 5 && length <= 20, String(length));
});

test("a DOMException keeps its cause and what was added to it", () => {
  const error = sent(Object.assign(new DOMException("late", "TimeoutError"), { extra: 1 })) as DOMException & {
    extra: number;
  };
  assertInstanceOf(error, DOMException);
  assertEquals([error.name, error.code, error.extra], ["TimeoutError", 23, 1]);
});

test("an error has the name of the class it was thrown as, also where the class gives it no name", () => {
  class Unnamed extends TypeError {}
  class Further extends Unnamed {}
  for (const Class of [Unnamed, Further]) {
    const error = sent(new Class("unnamed")) as Error;
    assertInstanceOf(error, TypeError);
    assertEquals([error.constructor.name, error.name, error.message], [Class.name, "TypeError", "unnamed"]);
  }
  assertStrictEquals((sent(new Unnamed("one")) as Error).constructor, (sent(new Unnamed("two")) as Error).constructor);
  assertStrictEquals((sent(new RangeError("built in")) as Error).constructor, RangeError);
  assertStrictEquals((sent(new (class extends Error {})("anonymous")) as Error).constructor, Error);
  assertEquals(Object.keys(sent(new Unnamed("keys")) as Error), []);
});

test("errors of classes that the pool knows come back as instances, by name, in causes and lists too", async () => {
  class OwnError extends Error {
    override readonly name = "OwnError";
    code = "";
    get short(): string {
      return `${this.code}: ${this.message}`;
    }
  }
  class RangeFailure extends RangeError {}
  await withPool({ size: 1, errors: [OwnError, RangeFailure] }, async (pool) => {
    const own = await errorOf(pool.run("fails", ["own"]));
    assertInstanceOf(own, OwnError);
    assertEquals([own.short, own.constructor, own.stack!.includes("tasks.ts")], [
      "E_OWN: of its own",
      OwnError,
      true,
    ]);
    assertInstanceOf(await errorOf(pool.run("fails", ["cause"])), TypeError);
  });
  const known = new Map([["OwnError", OwnError]]);
  class Special extends OwnError {}
  const decoded = (thrown: unknown): unknown => decodeError(structuredClone(encodeError(thrown)), known);
  const special = decoded(new Special("special")) as Error;
  assertInstanceOf(special, OwnError);
  assertEquals(special.constructor.name, "Special");
  const outer = decoded(new TypeError("outer", { cause: new OwnError("inner") })) as Error;
  assertInstanceOf(outer.cause, OwnError);
  const many = decoded(new AggregateError([new OwnError("one"), new OwnError("two")]));
  for (const each of (many as AggregateError).errors) assertInstanceOf(each, OwnError);
});

test("an error that stands in many places of itself does so on the other side, and is encoded once", () => {
  const error = new AggregateError([], "many") as AggregateError & Record<string, unknown>;
  error.errors.push(error, error);
  error.cause = { again: error };
  for (let index = 0; index < 20; index++) error[`field${index}`] = index % 2 ? error : [error];
  const copy = sent(error) as typeof error;
  assertStrictEquals(copy.errors[1], copy);
  assertStrictEquals((copy.cause as { again: unknown }).again, copy);
  assertStrictEquals(copy["field19"], copy);
  assertStrictEquals((copy["field18"] as unknown[])[0], copy);
});

test("errors and URLs are whole in whatever was thrown, in causes and in what was added to an error", () => {
  const url = new URL("http://a/b");
  assertEquals((sent(url) as URL).href, url.href);
  const thrown = sent({ list: [new RangeError("inner"), url] }) as { list: [Error, URL] };
  assertInstanceOf(thrown.list[0], RangeError);
  assertEquals(thrown.list[1].href, url.href);
  const cause = { status: 404, url };
  const error = sent(Object.assign(new TypeError("m", { cause }), { url, headers: new Headers([["a", "b"]]) }));
  assertInstanceOf(error, TypeError);
  assertEquals((error.cause as typeof cause).url.href, url.href);
  assertEquals((error as unknown as typeof cause).url.href, url.href);
  assertEquals("headers" in error, false, "headers that a host empties");
  const refused = sent({ deep: [new Headers()] });
  assertInstanceOf(refused, Error);
  assert(refused.message.includes("cannot be sent"), refused.message);
});

test("the stacks of errors in a worker are short, and without the frames of the pool's own side", async () => {
  await withPool({ size: 1 }, async (pool) => {
    // What the host makes of it in the thread, before the frames are taken out.
    const inThread = await pool.run("lengthOfStack", []);
    if (thisHost().startsWith("node")) assert(inThread < 10_000, String(inThread));
    const { stack } = await errorOf(pool.run("fails", ["own"])) as Error;
    assert(!stack!.includes(threadName), stack);
  });
});
