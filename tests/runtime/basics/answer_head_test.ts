import { test } from "node:test";
import { assert, assertThrows } from "@std/assert";
import { checkField, checkHead, isFieldValue, isOfConnection } from "../../../runtime/basics/answer_head.ts";

test("a value of a field has tabs and what is printed, and nothing else", () => {
  for (const text of ["", "a", "a\tb", "é", "\xff", "~"]) assert(isFieldValue(text), JSON.stringify(text));
  for (let code = 0; code < 32; code++) {
    if (code !== 9) assert(!isFieldValue(`a${String.fromCharCode(code)}b`), String(code));
  }
  assert(!isFieldValue("\x7f") && !isFieldValue("\u0100"));
  assertThrows(() => checkField("x-name", "a\x01"), TypeError, 'received x-name: "a\\u0001"');
});

test("the head of an answer is refused for one field that cannot be sent", () => {
  checkHead(new Response(null, { statusText: "Fine", headers: { a: "b", c: "é" } }));
  assertThrows(() => checkHead(new Response(null, { headers: { a: "b", c: "\x01" } })), TypeError, "received c");
});

test("a handler does not say how the connection is used", () => {
  for (
    const name of ["connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "proxy-connection"]
  ) {
    assert(isOfConnection(name), name);
  }
  assert(!isOfConnection("content-length") && !isOfConnection("constructor"));
});
