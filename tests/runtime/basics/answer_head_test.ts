import { test } from "node:test";
import { assert, assertThrows } from "@std/assert";
import { checkField, checkStatusText, isFieldValue, isOfConnection } from "../../../runtime/basics/answer_head.ts";

test("a value of a field has tabs and what is printed, and nothing else", () => {
  for (const text of ["", "a", "a\tb", "é", "\xff", "~"]) assert(isFieldValue(text), JSON.stringify(text));
  for (let code = 0; code < 32; code++) {
    if (code !== 9) assert(!isFieldValue(`a${String.fromCharCode(code)}b`), String(code));
  }
  assert(!isFieldValue("\x7f") && !isFieldValue("\u0100"));
  assertThrows(() => checkField("x-name", "a\x01"), TypeError, 'received x-name: "a\\u0001"');
});

test("a field or the text of a status is refused that cannot be sent", () => {
  checkField("c", "é");
  checkStatusText("Fine");
  assertThrows(() => checkField("c", "\x01"), TypeError, "received c");
  assertThrows(() => checkStatusText("\x01"), TypeError, "received");
});

test("a handler does not say how the connection is used", () => {
  for (
    const name of ["connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "proxy-connection"]
  ) {
    assert(isOfConnection(name), name);
  }
  assert(!isOfConnection("content-length") && !isOfConnection("constructor"));
});
