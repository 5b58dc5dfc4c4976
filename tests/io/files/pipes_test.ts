import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { openBytes, readBytes, type ReadBytesOptions, readLines, writeFile } from "../../../io/mod.ts";
import { all, group, sleep, TimeoutError, withTimeout } from "../../../mod.ts";
import { collect } from "../../support/chunks.ts";
import { openPaths, withFolder } from "../../support/folder.ts";
import { until, within, withinTest } from "../../support/within.ts";

/** A pipe with a name, for a test. */
function withPipe(body: (path: string) => Promise<void>): Promise<void> {
  return withFolder(async (folder) => {
    const path = join(folder, "pipe");
    execFileSync("mkfifo", [path]);
    await withinTest(body(path));
  });
}

/** The ways to read a pipe. */
const ways: Record<string, (path: string, options?: ReadBytesOptions) => Promise<unknown>> = {
  "readBytes": (path, options) => readBytes(path, options),
  "readBytes up to a length": (path, options) => readBytes(path, { ...options, maxBytes: 100_000 }),
  "readBytes into memory": (path, options) => readBytes(path, { ...options, into: new Uint8Array(100_000) }),
  "openBytes": (path) => collect(openBytes(path)),
  "readLines": (path) => collect(readLines(path)),
};

test("reading a pipe that nobody writes to ends with its scope, and leaves nothing open", async () => {
  await withPipe(async (path) => {
    for (const [name, read] of Object.entries(ways)) {
      await assertRejects(() => within(withTimeout(20, () => read(path)), name), TimeoutError);
      await group(async (g) => {
        g.spawn(() => read(path));
        await sleep(5);
        g.cancel();
      });
    }
    await until(() => openPaths(path).length === 0, "the pipe is closed");
    // Many at once, who take all the threads that a host has for files.
    await assertRejects(() => withTimeout(50, () => all(new Array(20).fill(() => readBytes(path)))), TimeoutError);
    assert((await readBytes("LICENSE")).byteLength > 0);
    await until(() => openPaths(path).length === 0, "the pipe is closed");
  });
});

test("reading a pipe whose writer says nothing ends with its scope too", async () => {
  await withPipe(async (path) => {
    const both = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    try {
      for (const [name, read] of Object.entries(ways)) {
        writeSync(both, "begun");
        await assertRejects(() => within(withTimeout(20, () => read(path)), name), TimeoutError);
      }
      await until(() => openPaths(path).length === 1, "only ours is open");
    } finally {
      closeSync(both);
    }
  });
});

test("an abort ends the reading of a pipe with its own reason", async () => {
  await withPipe(async (path) => {
    const reason = new Error("mine");
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 10);
    assertStrictEquals(await assertRejects(() => readBytes(path, { signal: controller.signal })), reason);
  });
});

test("a pipe is read to its end, however slowly it is written", async () => {
  await withPipe(async (path) => {
    const whole = "a line\n".repeat(30_000);
    for (const read of [() => readBytes(path), () => readBytes(path, { maxBytes: 300_000 })]) {
      const [bytes] = await Promise.all([read(), writeFile(path, whole)]);
      assertEquals(new TextDecoder().decode(bytes), whole);
    }
    async function* slowly() {
      for (const text of ["one\nt", "wo\nth", "ree"]) {
        await sleep(20);
        yield new TextEncoder().encode(text);
      }
    }
    const [lines] = await Promise.all([collect(readLines(path)), writeFile(path, slowly())]);
    assertEquals(lines, ["one", "two", "three"]);
  });
});

test("writing to a pipe ends with its scope, whether nobody reads or nobody takes", async () => {
  await withPipe(async (path) => {
    await assertRejects(() => withTimeout(20, () => writeFile(path, "x")), TimeoutError);
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      await assertRejects(() => withTimeout(50, () => writeFile(path, "x".repeat(10_000_000))), TimeoutError);
    } finally {
      closeSync(reader);
    }
    // Only a group would have waited for that.
    await until(() => openPaths(path).length === 0, "the pipe is closed");
  });
});
