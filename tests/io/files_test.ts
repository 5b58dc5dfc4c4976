import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { CancelScope, group, sleep } from "../../mod.ts";
import { openBytes, readBytes, walk, type WalkEntry, writeFile } from "../../io/mod.ts";

/** A folder for a test, taken away afterwards. */
async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-"));
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function collect(entries: AsyncIterable<WalkEntry>): Promise<WalkEntry[]> {
  const all: WalkEntry[] = [];
  for await (const entry of entries) all.push(entry);
  return all;
}

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

test("walk gives a folder before what is in it, in order of names, and links without following them", async () => {
  await withFolder(async (folder) => {
    mkdirSync(join(folder, "b"));
    mkdirSync(join(folder, "b", "c"));
    writeFileSync(join(folder, "b", "c", "d"), "");
    writeFileSync(join(folder, "a"), "");
    writeFileSync(join(folder, "z"), "");
    symlinkSync(folder, join(folder, "b", "loop"));
    symlinkSync(join(folder, "nowhere"), join(folder, "m"));
    const found = await collect(walk(folder));
    assertEquals(found.map(({ path, kind }) => [path.slice(folder.length + 1), kind]), [
      ["a", "file"],
      ["b", "directory"],
      ["m", "link"],
      ["z", "file"],
      ["b/c", "directory"],
      ["b/loop", "link"],
      ["b/c/d", "file"],
    ]);
    assertEquals(found.at(-1)!.name, "d");
  });
});

test("walk does not enter what is to be skipped, and tells of folders that cannot be read", async () => {
  await withFolder(async (folder) => {
    mkdirSync(join(folder, "gone"));
    mkdirSync(join(folder, "no"));
    writeFileSync(join(folder, "no", "file"), "");
    const errors: string[] = [];
    const names: string[] = [];
    const entries = walk(folder, {
      skip: ({ name }) => name === "no",
      onError: (error, path) => errors.push((error as { code: string }).code, path),
    });
    for await (const { name } of entries) {
      names.push(name);
      // It was listed, and is no more when it is to be entered.
      if (name === "gone") rmSync(join(folder, "gone"), { recursive: true });
    }
    assertEquals(names, ["gone", "no"]);
    assertEquals(errors, ["ENOENT", join(folder, "gone")]);
  });
});

test("walk throws when the folder itself cannot be read", async () => {
  await withFolder(async (folder) => {
    const error = await assertRejects(() => collect(walk(join(folder, "none"))), Error);
    assertEquals((error as { code?: string }).code, "ENOENT");
  });
});

test("walk ends early by break, by its scope and by its signal", async () => {
  await withFolder(async (folder) => {
    for (let index = 0; index < 5; index++) mkdirSync(join(folder, `d${index}`));
    const entries = walk(folder);
    for await (const _ of entries) break;
    assertEquals((await entries.next()).done, true);
    let seen = 0;
    await group(async (g) => {
      for await (const _ of walk(folder)) {
        if (++seen === 2) g.cancel();
      }
    });
    assertEquals(seen, 2);
    const controller = new AbortController();
    const reason = new Error("mine");
    const error = await assertRejects(async () => {
      for await (const _ of walk(folder, { signal: controller.signal })) controller.abort(reason);
    });
    assertStrictEquals(error, reason);
  });
});

test("walk is a checkpoint while it waits for a folder", async () => {
  const scope = new CancelScope();
  await scope.run(async () => {
    const next = walk(".").next();
    await sleep(0);
    scope.cancel();
    await next;
    await walk(".").next();
  });
  assert(scope.cancelCaught);
});

test("walk takes a URL, and refuses wrong arguments at the call", async () => {
  await withFolder(async (folder) => {
    writeFileSync(join(folder, "a"), "");
    const [entry] = await collect(walk(pathToFileURL(folder)));
    assertEquals(entry!.path, join(folder, "a"));
  });
  assertThrows(() => walk(3 as never), TypeError);
  assertThrows(() => walk(".", { skip: 1 as never }), TypeError);
  assertThrows(() => walk(".", { signal: 1 as never }), TypeError);
});

test("writeFile writes texts and bytes, and replaces what was there", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "a");
    for (const atomic of [false, true]) {
      await writeFile(path, "hällo", { atomic });
      assertEquals(readFileSync(path, "utf8"), "hällo");
      await writeFile(pathToFileURL(path), new Uint8Array([104, 105]), { atomic });
      assertEquals(readFileSync(path, "utf8"), "hi");
    }
    assertEquals(readdirSync(folder), ["a"]);
    const error = await assertRejects(() => writeFile(join(folder, "none", "a"), "", { atomic: true }), Error);
    assertEquals((error as { code?: string }).code, "ENOENT");
  });
  assertThrows(() => writeFile("a", 3 as never), TypeError);
  assertThrows(() => writeFile(3 as never, ""), TypeError);
});

test("a cancelled atomic write leaves the old file and no other", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "a");
    writeFileSync(path, "old");
    const scope = new CancelScope();
    await group(async () => {
      await scope.run(() => {
        const writing = writeFile(path, new Uint8Array(20_000_000), { atomic: true });
        scope.cancel();
        return writing;
      });
    });
    assert(scope.cancelCaught);
    // The group has waited for the end of it.
    assertEquals([readFileSync(path, "utf8"), readdirSync(folder)], ["old", ["a"]]);
  });
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
