/** What a body prints, as text that is the same on all hosts. */

import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { textOf } from "../../../../runtime/simulation/globals/console.ts";

class Point {
  x = 1;
  readonly y = -0;
}

const loop: Record<string, unknown> = { a: [1] };
loop["self"] = loop;
const loud = {
  get value(): number {
    throw new Error("called");
  },
};

const rows: readonly (readonly [string, ...unknown[]])[] = [
  [""],
  ["two words", "two", "words"],
  ['text { text: "text" } [1, "b", null, undefined]', "text", { text: "text" }, [1, "b", null, undefined]],
  ["a 1 0.5 7n true Symbol(s)", "%s %i %f", "a", 1.9, 0.5, 7n, true, Symbol("s")],
  ["NaN 100% %d", "%d 100%% %d", {}],
  ["100%", "100%"],
  ['{ a: 1 } styled "b"', "%o %cstyled %j", { a: 1 }, "color: red", "b"],
  ["Point { x: 1, y: -0 } {}", new Point(), Object.create(null)],
  ["TypeError: no { cause: RangeError: far }", new TypeError("no"), { cause: new RangeError("far") }],
  ['Map(1) { "k" => Set(2) { 1, 2 } }', new Map([["k", new Set([1, 2])]])],
  ["1970-01-01T00:00:00.000Z Invalid Date /a+/g", new Date(0), new Date(NaN), /a+/g],
  ["[function named] [function (anonymous)]", function named() {}, () => {}],
  ["{ a: [1], self: [circular] }", loop],
  ["{ a: { b: { c: [Object] } } }", { a: { b: { c: { d: 1 } } } }],
  ['{ "with space": 1 } { value: [getter] }', { "with space": 1 }, loud],
  ["Uint8Array(3) [1, 2, 3]", new Uint8Array([1, 2, 3])],
];

for (const [text, ...args] of rows) {
  test(`what prints as ${JSON.stringify(text)} is told so`, () => assertEquals(textOf(args), text));
}

test("what is long is cut, and what has many members is told with the first of them", () => {
  assertEquals(textOf(["x".repeat(5000)]).length, 1000);
  const many = Array.from({ length: 5000 }, (_, index) => index);
  const first = many.slice(0, 20).join(", ");
  assertEquals(textOf([many]), `[${first}, and 4980 more]`);
  assertEquals(textOf([new Set(many)]), `Set(5000) { ${first}, and 4980 more }`);
});

test("an object that cannot be read is told as one, and no code of the program is called", () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  class Loud {
    readonly value = 1;
    toString(): string {
      throw new Error("called");
    }
    toJSON(): string {
      throw new Error("called");
    }
  }
  assertEquals(textOf([proxy, new Loud()]), "[object] Loud { value: 1 }");
});
