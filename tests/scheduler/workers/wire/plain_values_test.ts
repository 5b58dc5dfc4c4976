/** What may travel as text. */

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { isPlain } from "../../../../scheduler/workers/wire/plain_values.ts";

test("what is plain comes out of JSON as it went in, whatever it is", () => {
  const value = fc.oneof(
    fc.anything({ withBigInt: true }),
    fc.double(),
    fc.integer(),
    fc.string({ unit: "binary" }),
    fc.constantFrom("\ud800", "\u2028", "__proto__", -0, NaN, Infinity, undefined, null, true, Symbol("s")),
  );
  fc.assert(fc.property(value, (each) => {
    if (isPlain(each)) assert(Object.is(JSON.parse(JSON.stringify([each]))[0], each), String(each));
  }));
});

test("numbers, short strings, booleans and null are plain; what JSON changes is not", () => {
  assertEquals([0, 1.5, -7, 2 ** 60, "", "text", true, null].map(isPlain), new Array(8).fill(true));
  assertEquals(
    [-0, NaN, -Infinity, undefined, 1n, {}, [], "x".repeat(1000), () => 1].map(isPlain),
    new Array(9).fill(false),
  );
});
