import { test } from "node:test";
import { assert, assertEquals, assertFalse } from "@std/assert";
import { hasToken, listOf, trimmed } from "../../../runtime/basics/field_values.ts";

test("around a value stand spaces and tabs, and nothing else that Unicode takes for white space", () => {
  assertEquals(trimmed(" \t a b\t "), "a b");
  assertEquals([trimmed(""), trimmed(" \t"), trimmed("a")], ["", "", "a"]);
  for (const other of ["\xa0", "\ufeff", "\v", "\f", "\u2028"]) assertEquals(trimmed(`${other}a`), `${other}a`);
});

test("a list is read item by item, in small letters where a word is looked for", () => {
  assertEquals(listOf("a, b\t,,c d"), ["a", "b", "", "c d"]);
  assert(hasToken("close", "close"));
  assert(hasToken("keep-alive , Close", "close"));
  assertFalse(hasToken("closed, x-close", "close"));
  assertFalse(hasToken("keep-alive, \xa0close", "close"));
});
