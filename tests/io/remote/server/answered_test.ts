import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Answered, Unwanted } from "../../../../io/remote/server/answered.ts";

const answerOf = (text: string) => ({ inbox: "inbox", headers: { of: text }, bytes: new TextEncoder().encode(text) });

test("the answers of the last five thousand jobs are kept as they were, and those of long ago are not", () => {
  const answered = new Answered();
  for (let index = 0; index < 23_456; index++) answered.add(`${index}`, answerOf(`the answer of ${index}`));
  for (let index = 23_456 - 5000; index < 23_456; index++) {
    assertEquals(answered.get(`${index}`), answerOf(`the answer of ${index}`));
  }
  for (let index = 0; index < 23_456 - 10_000; index++) assertEquals(answered.get(`${index}`), undefined);
});

test("the last of an answer counts, and one that is larger than all that is kept is known until the next", () => {
  const answered = new Answered();
  answered.add("a", answerOf("first"));
  answered.add("a", answerOf("second"));
  assertEquals(answered.get("a"), answerOf("second"));
  const bytes = new Uint8Array(20 << 20).fill(7);
  answered.add("large", { ...answerOf(""), bytes });
  assert(answered.get("large")!.bytes.every((byte) => byte === 7));
  assertEquals(answered.get("a"), answerOf("second"));
});

test("of ids that are not wanted the last five thousand are known, and not more than ten", () => {
  const unwanted = new Unwanted();
  for (let index = 0; index < 23_456; index++) unwanted.add(`${index}`);
  const known = Array.from({ length: 23_456 }, (_, index) => unwanted.has(`${index}`));
  assert(known.slice(-5000).every((is) => is));
  assert(known.filter((is) => is).length <= 10_000);
});
