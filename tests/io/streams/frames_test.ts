import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  connect,
  encodeFrame,
  IncompleteFrameError,
  listen,
  readFrames,
  TooLongError,
  writeFrame,
} from "../../../io/mod.ts";
import { CancelScope } from "../../../mod.ts";
import { concatenate } from "../../../runtime/basics/bytes.ts";
import { collect, inChunks } from "../../support/chunks.ts";
import { testWith } from "../../support/needs.ts";

const formats = fc.record({ prefix: fc.constantFrom(1, 2, 4), littleEndian: fc.boolean() });
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

function joined(frames: readonly Uint8Array[]): Uint8Array {
  return concatenate(frames, frames.reduce((length, frame) => length + frame.byteLength, 0));
}

test("however frames are cut into chunks, they come out as they went in", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 40 })),
      fc.array(fc.nat(300)),
      formats,
      async (messages, cuts, format) => {
        const bytes = joined(messages.map((message) => encodeFrame(message, format)));
        const frames = await collect(readFrames(inChunks(bytes, cuts), format));
        assertEquals(frames.map((frame) => [...frame]), messages.map((message) => [...message]));
      },
    ),
    { numRuns: 300 },
  );
});

test("a frame is its length, big-endian in four bytes by default, and its bytes", () => {
  assertEquals([...encodeFrame("hi")], [0, 0, 0, 2, 104, 105]);
  assertEquals([...encodeFrame("hi", { littleEndian: true })], [2, 0, 0, 0, 104, 105]);
  assertEquals([...encodeFrame(new Uint8Array([7]), { prefix: 2 })], [0, 1, 7]);
  assertEquals([...encodeFrame("é", { prefix: 1 })], [2, 0xc3, 0xa9]);
  assertEquals([...encodeFrame("")], [0, 0, 0, 0]);
});

test("a frame longer than maxLength is an error when it is announced, and the source is closed", async () => {
  let closed = false;
  async function* source() {
    try {
      yield encodeFrame("ok");
      yield new Uint8Array([0xff, 0xff, 0xff, 0xff]);
      yield new Uint8Array(1);
    } finally {
      closed = true;
    }
  }
  const seen: string[] = [];
  const error = await assertRejects(async () => {
    for await (const frame of readFrames(source(), { maxLength: 100 })) seen.push(text(frame));
  }, TooLongError);
  assertEquals([seen, error.length, error.maxLength, closed], [["ok"], 2 ** 32 - 1, 100, true]);
  assertEquals((await collect(readFrames(inChunks(encodeFrame("12345"), []), { maxLength: 5 }))).length, 1);
  // Also without a limit of the caller's.
  await assertRejects(() => collect(readFrames(inChunks(new Uint8Array([0xff, 0, 0, 0]), []))), TooLongError);
});

test("what does not fit into a frame is an error at the call", () => {
  assertThrows(() => encodeFrame(new Uint8Array(256), { prefix: 1 }), TooLongError);
  assertEquals(encodeFrame(new Uint8Array(255), { prefix: 1 }).length, 256);
  assertThrows(() => encodeFrame("123456", { maxLength: 5 }), RangeError);
  assertThrows(() => encodeFrame(3 as never), TypeError);
  assertThrows(() => encodeFrame("", { prefix: 3 as never }), RangeError);
  assertThrows(() => encodeFrame("", { prefix: "4" as never }), TypeError);
  assertThrows(() => readFrames([] as never), TypeError);
  assertThrows(() => readFrames(inChunks(new Uint8Array(0), []), { maxLength: -1 }), RangeError);
});

test("a source that ends within a frame is an error with what came", async () => {
  const frames = (bytes: number[]) => collect(readFrames(inChunks(new Uint8Array(bytes), [1, 3])));
  assertEquals(await frames([]), []);
  const prefix = await assertRejects(() => frames([0, 0, 0]), IncompleteFrameError);
  assertEquals([[...prefix.bytes], prefix.length], [[0, 0, 0], undefined]);
  const body = await assertRejects(() => frames([0, 0, 0, 3, 1, 2]), IncompleteFrameError, "2 of the 3");
  assertEquals([[...body.bytes], body.length], [[1, 2], 3]);
  await assertRejects(() => frames([0, 0, 0, 1]), IncompleteFrameError);
});

test("an error of the source is thrown itself; its memory may be used again, and so may a frame's", async () => {
  const bug = new Error("bug");
  async function* source() {
    const chunk = encodeFrame("ab", { prefix: 1 });
    yield chunk;
    chunk.set([2, 99, 99]);
    yield chunk;
    throw bug;
  }
  const seen: Uint8Array[] = [];
  const error = await assertRejects(async () => {
    for await (const frame of readFrames(source(), { prefix: 1 })) seen.push(frame);
  });
  assertStrictEquals(error, bug);
  assertEquals(seen.map(text), ["ab", "cc"]);
});

testWith("connections", "frames go over a connection; leaving the loop closes it, and a cancellation too", async () => {
  const listener = await listen();
  const client = await connect({ port: listener.port });
  const server = (await listener.accept())!;
  const big = new Uint8Array(300_000).fill(7);
  const writing = Promise.all([writeFrame(client, "one"), writeFrame(client, big), writeFrame(client, "three")]);
  const lengths: number[] = [];
  for await (const frame of readFrames(server)) {
    if (lengths.push(frame.byteLength) === 3) break;
  }
  await writing;
  assertEquals(lengths, [3, 300_000, 5]);
  await server.closed;
  client.close();
  const other = await connect({ port: listener.port });
  const scope = new CancelScope();
  await scope.run(async () => {
    const next = readFrames(other).next();
    scope.cancel();
    await next;
  });
  assert(scope.cancelCaught);
  await other.closed;
  await listener.close();
});
