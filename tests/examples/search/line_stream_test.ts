import { test } from "node:test";
import { assert, assertEquals, assertFalse } from "@std/assert";
import { LineStream } from "../../../examples/search/line_stream.ts";

test("values come out one a line, in order, and the stream ends", async () => {
  const lines = new LineStream();
  await lines.write([{ a: 1 }, "two\nlines"]);
  await lines.write([3]);
  lines.end();
  assertEquals(await new Response(lines.readable).text(), '{"a":1}\n"two\\nlines"\n3\n');
});

test("it has begun with the first line, or with the end", async () => {
  const lines = new LineStream();
  assertFalse(lines.hasBegun);
  await lines.write([1]);
  await lines.begun;
  assert(lines.hasBegun);
  const empty = new LineStream();
  empty.end();
  await empty.begun;
  assertFalse(empty.hasBegun);
  assertEquals(await new Response(empty.readable).text(), "");
});

test("a writer waits for the reader when the buffer is full, and goes on when it reads", async () => {
  const lines = new LineStream();
  let written = 0;
  const writing = (async () => {
    for (; written < 100; written++) await lines.write([written]);
    lines.end();
  })();
  // No write takes more than a few microtasks while there is room.
  for (let turn = 0; turn < 1000; turn++) await undefined;
  assert(written < 100, `all ${written} were written with nobody reading`);
  const text = await new Response(lines.readable).text();
  await writing;
  assertEquals(text.trimEnd().split("\n").length, 100);
});

test("a reader that leaves is told of and wakes the writer; what is written then is dropped", async () => {
  let left = 0;
  const lines = new LineStream(() => left++);
  const writing = (async () => {
    for (let value = 0; value < 100; value++) await lines.write([value]);
    lines.end();
  })();
  await lines.readable.cancel();
  await writing;
  assertEquals(left, 1);
});
