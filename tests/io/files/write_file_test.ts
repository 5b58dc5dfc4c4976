import { chmodSync, readdirSync, readFileSync, readlinkSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { writeFile } from "../../../io/mod.ts";
import { CancelScope, group } from "../../../mod.ts";
import { openPaths, withFolder } from "../../support/folder.ts";
import { latch } from "../../support/latch.ts";

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

test("an atomic write keeps the permissions of the old file, and a link stays a link", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "a");
    const link = join(folder, "link");
    writeFileSync(path, "old");
    chmodSync(path, 0o640);
    symlinkSync("a", link);
    await writeFile(link, "new", { atomic: true });
    assertEquals([readFileSync(path, "utf8"), statSync(path).mode & 0o777, readlinkSync(link)], ["new", 0o640, "a"]);
    await writeFile(join(folder, "b"), "x", { atomic: true, mode: 0o600 });
    assertEquals(statSync(join(folder, "b")).mode & 0o777, 0o600);
    assertEquals(readdirSync(folder).sort(), ["a", "b", "link"]);
  });
});

test("chunks are written as they come; a source that fails, or is cancelled, leaves the old file and no other", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "a");
    async function* chunks() {
      for (let index = 0; index < 3; index++) yield new TextEncoder().encode(`${index}\n`);
    }
    for (const atomic of [false, true]) {
      await writeFile(path, chunks(), { atomic });
      assertEquals(readFileSync(path, "utf8"), "0\n1\n2\n");
    }
    const bug = new Error("bug");
    async function* broken() {
      yield new Uint8Array(10);
      throw bug;
    }
    assertStrictEquals(await assertRejects(() => writeFile(path, broken(), { atomic: true })), bug);
    const begun = latch();
    const never = latch<Uint8Array>();
    async function* slow() {
      yield new Uint8Array(10);
      begun.open();
      yield await never.promise;
    }
    const controller = new AbortController();
    const reason = new Error("mine");
    await group(async () => {
      const writing = writeFile(path, slow(), { atomic: true, signal: controller.signal });
      await begun.promise;
      controller.abort(reason);
      assertStrictEquals(await assertRejects(() => writing), reason);
    });
    // The group has ended although the source has not.
    never.open(new Uint8Array(1));
    assertEquals([readFileSync(path, "utf8"), readdirSync(folder), openPaths(folder)], ["0\n1\n2\n", ["a"], []]);
  });
});

test("a folder in the way is an error, and leaves no other file", async () => {
  await withFolder(async (folder) => {
    await assertRejects(() => writeFile(folder, "x", { atomic: true }), Error);
    await assertRejects(() => writeFile(folder, "x"), Error, "EISDIR");
    assertEquals([readdirSync(folder), readdirSync(join(folder, "..")).filter((name) => name.endsWith(".part"))], [
      [],
      [],
    ]);
  });
});
