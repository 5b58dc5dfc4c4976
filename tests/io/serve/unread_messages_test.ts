import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { isLonger, UnreadMessages } from "../../../io/serve/unread_messages.ts";

test("messages come out in their order, and each costs its bytes and 128 more until it is taken", () => {
  const unread = new UnreadMessages();
  for (const message of ["", "é", new Uint8Array(3)]) unread.push(message);
  assertEquals([unread.size, unread.cost], [3, 3 * 128 + 5]);
  assertEquals([unread.take(), unread.take()], ["", "é"]);
  assertEquals([unread.size, unread.cost], [1, 131]);
  unread.push("last");
  assertEquals([unread.take(), unread.take(), unread.size, unread.cost], [new Uint8Array(3), "last", 0, 0]);
  unread.push("dropped");
  unread.clear();
  assertEquals([unread.size, unread.cost], [0, 0]);
});

test("a text is as long as its UTF-8, whatever it is made of", () => {
  for (
    const text of ["", "a", "é", "€", "🦀", "a\ud800", "\udfffb", "\u007f\u0080\u07ff\u0800\uffff", "x".repeat(1000)]
  ) {
    const { length } = new TextEncoder().encode(text);
    assert(!isLonger(text, length) && (length === 0 || isLonger(text, length - 1)), JSON.stringify(text));
  }
  assert(isLonger(new Uint8Array(4), 3) && !isLonger(new Uint8Array(3), 3));
});

test("a hundred thousand messages are taken in no more than their number of steps", () => {
  const unread = new UnreadMessages();
  const began = performance.now();
  for (let count = 0; count < 100_000; count++) unread.push("m");
  while (unread.size > 0) unread.take();
  assert(performance.now() - began < 2000, "each has moved the others");
});
