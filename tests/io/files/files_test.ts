import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { openBytes, readBytes } from "../../../io/mod.ts";
import { CancelScope } from "../../../mod.ts";
import { openPaths, withFolder } from "../../support/folder.ts";

test("readBytes reads a file whole, by path and by URL", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "a.bin");
    const content = new Uint8Array(100_000).map((_, index) => index);
    writeFileSync(path, content);
    const bytes = await readBytes(path);
    assertStrictEquals(bytes.constructor, Uint8Array);
    assertEquals(bytes.length === content.length && bytes.every((byte, index) => byte === content[index]), true);
    assertEquals((await readBytes(pathToFileURL(path))).length, content.length);
    writeFileSync(path, "");
    assertEquals((await readBytes(path)).length, 0);
  });
});

test("readBytes rejects with the system's code", async () => {
  await withFolder(async (folder) => {
    const missing = await assertRejects(() => readBytes(join(folder, "none")), Error);
    assertEquals((missing as { code?: string }).code, "ENOENT");
    const isFolder = await assertRejects(() => readBytes(folder), Error);
    assertEquals((isFolder as { code?: string }).code, "EISDIR");
  });
});

test("readBytes refuses more than maxBytes, also of a file whose size says nothing", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "a");
    writeFileSync(path, "0123456789");
    assertEquals((await readBytes(path, { maxBytes: 10 })).length, 10);
    await assertRejects(() => readBytes(path, { maxBytes: 9 }), RangeError, "9");
    // Its size is 0.
    await assertRejects(() => readBytes("/proc/self/status", { maxBytes: 10 }), RangeError);
  });
});

test("readBytes refuses wrong arguments at the call", () => {
  assertThrows(() => readBytes(3 as never), TypeError);
  assertThrows(() => readBytes("a", 3 as never), TypeError);
  assertThrows(() => readBytes("a", { maxBytes: -1 }), RangeError);
  assertThrows(() => readBytes("a", { signal: {} as never }), TypeError);
});

test("readBytes ends at once when its scope is cancelled", async () => {
  const scope = new CancelScope();
  await scope.run(() => {
    const reading = readBytes("LICENSE");
    scope.cancel();
    return reading;
  });
  assert(scope.cancelCaught);
});

test("readBytes rejects with its signal's reason itself, and leaves no listener", async () => {
  const reason = new Error("mine");
  await assertRejects(() => readBytes("LICENSE", { signal: AbortSignal.abort(reason) }), Error, "mine");
  const controller = new AbortController();
  let listeners = 0;
  const { signal } = controller;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args));
  signal.removeEventListener = (...args: Parameters<typeof remove>) => (listeners--, remove(...args));
  await readBytes("LICENSE", { signal });
  assertEquals(listeners, 0);
  const reading = readBytes("LICENSE", { signal });
  controller.abort(reason);
  assertStrictEquals(await assertRejects(() => reading), reason);
});

test("openBytes gives a file chunk by chunk and closes it", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "a");
    writeFileSync(path, new Uint8Array(200_000).fill(7));
    let length = 0;
    let chunks = 0;
    for await (const chunk of openBytes(path)) {
      chunks++;
      length += chunk.byteLength;
    }
    assertEquals(length, 200_000);
    assert(chunks > 1, "it came in one piece");
    for await (const _ of openBytes(path)) break;
    const error = await assertRejects(async () => {
      for await (const _ of openBytes(join(folder, "none")));
    }, Error);
    assertEquals((error as { code?: string }).code, "ENOENT");
  });
});

test("nothing is left open after a read, an early end, a cancellation or an error", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "a");
    writeFileSync(path, new Uint8Array(1_000_000));
    const scope = new CancelScope();
    await scope.run(async () => {
      for await (const _ of openBytes(path)) {
        assertEquals(openPaths(folder).length, openPaths("/").length > 0 ? 1 : 0);
        scope.cancel();
      }
    });
    for await (const _ of openBytes(path)) break;
    await readBytes(path);
    await assertRejects(() => readBytes(path, { maxBytes: 10 }), RangeError);
    await assertRejects(() => readBytes(path, { into: new Uint8Array(10) }), RangeError);
    assertEquals(openPaths(folder), []);
  });
});
