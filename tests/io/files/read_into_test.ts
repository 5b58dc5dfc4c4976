/** `readBytes` into memory that is there. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { readBytes } from "../../../io/mod.ts";
import { moveOnAfter } from "../../../mod.ts";

/** A file of so many bytes, each with the number of its place. */
async function withFile(size: number, body: (path: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-read-"));
  try {
    const path = join(folder, "file");
    writeFileSync(path, Uint8Array.from({ length: size }, (_, place) => place));
    await body(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a file is read into the memory given, which is used again for the next", async () => {
  await withFile(100_000, async (path) => {
    const into = new Uint8Array(200_000);
    for (let round = 0; round < 2; round++) {
      into.fill(0);
      const bytes = await readBytes(path, { into });
      assertStrictEquals(bytes.buffer, into.buffer);
      assertEquals(bytes.length, 100_000);
      assert(bytes.every((byte, place) => byte === (place & 255)), "the bytes are not those of the file");
      assertEquals(into[100_000], 0);
    }
  });
});

test("a file that fits exactly is read, one of a byte more is refused, and so is one of more than maxBytes", async () => {
  await withFile(1000, async (path) => {
    assertEquals((await readBytes(path, { into: new Uint8Array(1000) })).length, 1000);
    await assertRejects(() => readBytes(path, { into: new Uint8Array(999) }), RangeError, "999");
    await assertRejects(() => readBytes(path, { into: new Uint8Array(2000), maxBytes: 999 }), RangeError, "999");
    await assertRejects(() => readBytes(path, { into: new Uint8Array(0) }), RangeError);
  });
  await withFile(0, async (path) => {
    assertEquals((await readBytes(path, { into: new Uint8Array(0) })).length, 0);
  });
});

test("a part of some memory is filled, and nothing around it", async () => {
  await withFile(10, async (path) => {
    const memory = new Uint8Array(30).fill(255);
    await readBytes(path, { into: memory.subarray(10, 25) });
    assertEquals([...memory.subarray(0, 10), ...memory.subarray(20)], new Array(20).fill(255));
    assertEquals([...memory.subarray(10, 20)], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});

test("what cannot be read rejects with the system's code; what is no memory throws at the call", async () => {
  const error = await assertRejects(() => readBytes("no/such/file", { into: new Uint8Array(1) }), Error);
  assertEquals((error as { code?: string }).code, "ENOENT");
  assertThrows(() => readBytes("file", { into: new ArrayBuffer(8) as unknown as Uint8Array<ArrayBuffer> }), TypeError);
});

test("a cancelled reading rejects", async () => {
  await withFile(1000, async (path) => {
    const into = new Uint8Array(1000);
    const controller = new AbortController();
    const reading = readBytes(path, { into, signal: controller.signal });
    controller.abort(new Error("enough"));
    await assertRejects(() => reading, Error, "enough");
    const unread = await moveOnAfter(0, async () => {
      await readBytes(path, { into });
      return "read";
    });
    assertEquals(unread, undefined);
  });
});
