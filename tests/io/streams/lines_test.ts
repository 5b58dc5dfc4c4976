import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { readFrames, readLines, TooLongError } from "../../../io/mod.ts";
import { CancelScope } from "../../../mod.ts";
import { collect, inChunks } from "../../support/chunks.ts";

test("however a text is cut into chunks, its lines are the same", async () => {
  const text = fc.array(fc.constantFrom("\n", "\r\n", "a", "é", "漢", "🙂", "\r", "line")).map((parts) =>
    parts.join("")
  );
  await fc.assert(
    fc.asyncProperty(text, fc.array(fc.nat(60)), async (text, cuts) => {
      const wanted = text.split("\n").map((line) => line.replace(/\r$/, ""));
      if (text === "" || text.endsWith("\n")) wanted.pop();
      assertEquals(await collect(readLines(inChunks(new TextEncoder().encode(text), cuts))), wanted);
    }),
    { numRuns: 300 },
  );
});

test("lines are read from a file, and leaving the loop closes the source", async () => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-"));
  try {
    const path = join(folder, "a");
    const long = "x".repeat(200_000);
    writeFileSync(path, `first\n${long}\nlast`);
    assertEquals((await collect(readLines(path))).map((line) => line.length), [5, 200_000, 4]);
    await assertRejects(() => collect(readLines(join(folder, "none"))), Error, "ENOENT");
  } finally {
    rmSync(folder, { recursive: true });
  }
  let closed = false;
  async function* endless() {
    try {
      for (;;) yield new TextEncoder().encode("line\n");
    } finally {
      closed = true;
    }
  }
  for await (const line of readLines(endless())) {
    assertEquals(line, "line");
    break;
  }
  assert(closed, "the source is still open");
});

test("a line longer than maxLength is an error, and no more than that is kept of it", async () => {
  const bytes = (text: string) => inChunks(new TextEncoder().encode(text), [3, 6, 9]);
  assertEquals(await collect(readLines(bytes("12345\n12345"), { maxLength: 5 })), ["12345", "12345"]);
  assertEquals(await collect(readLines(bytes("12345\r\n1234\r\n12345\r"), { maxLength: 5 })), [
    "12345",
    "1234",
    "12345",
  ]);
  const error = await assertRejects(() => collect(readLines(bytes("123456\n"), { maxLength: 5 })), TooLongError, "5");
  assertEquals([new TextDecoder().decode(error.bytes), error.maxLength, error.length], ["12345", 5, undefined]);
  for (const text of ["123456", "12345\r1", "12345\r\r\n"]) {
    await assertRejects(() => collect(readLines(bytes(text), { maxLength: 5 })), RangeError);
  }
  let taken = 0;
  async function* endless() {
    for (;;) {
      taken += 1000;
      yield new Uint8Array(1000).fill(65);
    }
  }
  const endlessly = await assertRejects(() => collect(readLines(endless(), { maxLength: 10_000 })), TooLongError);
  assertEquals([taken, endlessly.bytes.length], [11_000, 10_000]);
});

test("a limit counts the line and not its end, wherever chunks begin and end, empty ones too", async () => {
  const text = fc.array(fc.constantFrom("\n", "\r\n", "abc", "漢", "ab", "\r"), { maxLength: 8 }).map((parts) =>
    parts.join("")
  );
  const length = (line: string) => new TextEncoder().encode(line).byteLength;
  await fc.assert(
    fc.asyncProperty(fc.boolean(), text, fc.array(fc.nat(30)), async (isMarked, text, cuts) => {
      const lines = text.split("\n").map((line) => line.replace(/\r$/, ""));
      if (text === "" || text.endsWith("\n")) lines.pop();
      const tooLong = lines.findIndex((line) => length(line) > 3);
      const wanted = tooLong < 0 ? lines : [...lines.slice(0, tooLong), "TooLongError"];
      const seen: string[] = [];
      const bytes = new TextEncoder().encode((isMarked ? "\uFEFF" : "") + text);
      async function* chunks() {
        yield new Uint8Array(0);
        for await (const chunk of inChunks(bytes, cuts)) yield* [chunk, new Uint8Array(0)];
      }
      try {
        for await (const line of readLines(chunks(), { maxLength: 3 })) seen.push(line);
      } catch (error) {
        seen.push((error as Error).name);
      }
      assertEquals(seen, wanted);
    }),
    { numRuns: 500 },
  );
});

test("a beginning of a byte order mark that is none belongs to the first line", async () => {
  for (
    const bytes of [[0xef, 0xbb], [0xef, 0xbb, 10], [0xef, 65, 10], [0xef, 0xbb, 0xbf], [
      0xef,
      0xbb,
      0xbf,
      0xef,
      0xbb,
      0xbf,
    ]]
  ) {
    const whole = new Uint8Array(bytes);
    const wanted = new TextDecoder().decode(whole).split("\n").filter((line) => line !== "");
    assertEquals(await collect(readLines(inChunks(whole, [1, 2, 3]))), wanted);
  }
});

test("a byte order mark is dropped at the start of the source only", async () => {
  const bytes = new TextEncoder().encode("\uFEFFa\n\uFEFFb\n\uFEFF");
  assertEquals(await collect(readLines(inChunks(bytes, [1, 2]))), ["a", "\uFEFFb", "\uFEFF"]);
});

test("what is no UTF-8 becomes U+FFFD and leaves the lines around whole, or is an error", async () => {
  const bytes = new Uint8Array([97, 10, 0xff, 98, 10, 0xe6, 0xbc, 10, 99]);
  assertEquals(await collect(readLines(inChunks(bytes, [3, 6]))), ["a", "\uFFFDb", "\uFFFD", "c"]);
  let closed = false;
  async function* source() {
    try {
      yield bytes;
    } finally {
      closed = true;
    }
  }
  const seen: string[] = [];
  await assertRejects(async () => {
    for await (const line of readLines(source(), { fatal: true })) seen.push(line);
  }, TypeError);
  assertEquals([seen, closed], [["a"], true]);
});

test("a line that comes byte by byte is looked at once", async () => {
  let scanned = 0;
  class Counted extends Uint8Array {
    override indexOf(byte: number, from = 0): number {
      const at = super.indexOf(byte, from);
      scanned += (at < 0 ? this.length : at + 1) - from;
      return at;
    }
  }
  async function* bytes() {
    for (let index = 0; index < 50_000; index++) yield new Counted([index % 10_000 === 9999 ? 10 : 65]);
  }
  assertEquals((await collect(readLines(bytes()))).map((line) => line.length), new Array(5).fill(9999));
  assertEquals(scanned, 50_000);
});

test("an error of the source is thrown itself; a chunk's memory may be used again", async () => {
  const bug = new Error("bug");
  async function* broken() {
    const chunk = new Uint8Array([65, 66]);
    yield chunk;
    chunk.fill(67);
    yield chunk;
    yield new Uint8Array([10]);
    throw bug;
  }
  const seen: string[] = [];
  const error = await assertRejects(async () => {
    for await (const line of readLines(broken())) seen.push(line);
  });
  assertStrictEquals(error, bug);
  assertEquals(seen, ["ABCC"]);
});

test("reading lines of a file is cancelled by its scope", async () => {
  const scope = new CancelScope();
  await scope.run(async () => {
    for await (const _ of readLines("LICENSE")) scope.cancel();
    await collect(readLines("LICENSE"));
  });
  assert(scope.cancelCaught);
});

test("a source of something else than bytes is an error", async () => {
  async function* texts() {
    yield "line\n";
  }
  for (const read of [readLines, readFrames]) {
    await assertRejects(() => collect<unknown>(read(texts() as never)), TypeError, "line");
  }
});

test("wrong arguments throw at the call", () => {
  assertThrows(() => readLines(3 as never), TypeError);
  assertThrows(() => readLines("a", { maxLength: 0 }), RangeError);
  assertThrows(() => readLines("a", { signal: 3 as never }), TypeError);
});
