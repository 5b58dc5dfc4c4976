/** The equality that tests in pages go by is that of Node's assertions. */

import nodeAssert from "node:assert/strict";
import { test } from "node:test";
import { assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { firstDifference, shown } from "./deep_equal.ts";

function areEqual(a: unknown, b: unknown): boolean {
  try {
    nodeAssert.deepStrictEqual(a, b);
    return true;
  } catch {
    return false;
  }
}

test("what is equal to Node is equal here, and what differs differs", () => {
  // Two invalid dates are equal to newer Nodes, and not to Node 20.
  const date = fc.date({ noInvalidDate: true });
  const value = fc.oneof(fc.anything({ withBigInt: true, withMap: true, withSet: true, withTypedArray: true }), date);
  const pair = fc.oneof(fc.tuple(value, value), value.map((value) => [value, structuredClone(value)] as const));
  fc.assert(
    fc.property(pair, ([a, b]) => assertEquals(firstDifference(a, b) === undefined, areEqual(a, b))),
    { numRuns: 500 },
  );
  class Own {}
  const circle: unknown[] = [1];
  circle.push(circle);
  const other: unknown[] = [1];
  other.push(other);
  const error = (cause: unknown): Error => new Error("one", { cause });
  for (
    const [a, b, equal] of [
      [circle, other, true],
      [new Own(), {}, false],
      [error(1), error(1), true],
      [error(1), error(2), false],
      [new Map([[{ key: 1 }, 1]]), new Map([[{ key: 1 }, 1]]), true],
      [new Set([[1]]), new Set([[2]]), false],
      [-0, 0, false],
      [NaN, NaN, true],
      [[undefined], [], false],
      [/a/g, /a/, false],
    ] as const
  ) assertEquals([firstDifference(a, b) === undefined, areEqual(a, b)], [equal, equal], `${shown(a)} ${shown(b)}`);
});

test("a difference is told with its path, and values are shown as far as they tell something", () => {
  assertEquals(firstDifference({ a: [1, { b: 2 }] }, { a: [1, { b: 3 }] }), ".a.1.b: 2 is not 3");
  assertEquals(firstDifference({ a: 1 }, {}), ".a: in one of the two only");
  assertEquals(
    shown({ a: [1n, "two"], b: new Map([[1, new Error("three")]]) }),
    '{a: [1n, "two"], b: Map {1: [Error: three]}}',
  );
  assertStringIncludes(shown("long ".repeat(1000)), "...");
});
