import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { writeFile } from "../../../io/mod.ts";
import { CancelScope, group } from "../../../mod.ts";
import { run } from "../../support/child.ts";
import { root } from "../../support/hosts.ts";
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

test("an atomic write through a link to what is not there makes that, through links of links too", async () => {
  await withFolder(async (folder) => {
    mkdirSync(join(folder, "sub"));
    symlinkSync("sub", join(folder, "way"));
    symlinkSync("way/first", join(folder, "link"));
    symlinkSync("../target", join(folder, "sub", "first"));
    await writeFile(join(folder, "link"), "x", { atomic: true });
    assertEquals(readFileSync(join(folder, "target"), "utf8"), "x");
    assertEquals(readdirSync(folder).sort(), ["link", "sub", "target", "way"]);
    assertEquals(readlinkSync(join(folder, "sub", "first")), "../target");
    await writeFile(join(folder, "link"), "again", { atomic: true });
    assertEquals(readFileSync(join(folder, "target"), "utf8"), "again");
    symlinkSync(join(folder, "absolute"), join(folder, "to absolute"));
    await writeFile(join(folder, "to absolute"), "x", { atomic: true });
    assert(lstatSync(join(folder, "absolute")).isFile());
    symlinkSync("circle", join(folder, "circle"));
    const error = await assertRejects(() => writeFile(join(folder, "circle"), "x", { atomic: true }), Error);
    assertEquals((error as { code?: string }).code, "ELOOP");
    assert(lstatSync(join(folder, "circle")).isSymbolicLink());
  });
});

test("an atomic write replaces neither a pipe nor a device nor a folder, also behind a link", async () => {
  await withFolder(async (folder) => {
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    symlinkSync("/dev/null", join(folder, "device"));
    symlinkSync(folder, join(folder, "folder"));
    symlinkSync("pipe", join(folder, "link"));
    for (const [name, code] of [["pipe", "EINVAL"], ["link", "EINVAL"], ["device", "EINVAL"], ["folder", "EISDIR"]]) {
      const error = await assertRejects(() => writeFile(join(folder, name!), "x", { atomic: true }), Error, name);
      assertEquals((error as { code?: string }).code, code);
    }
    assert(lstatSync(pipe).isFIFO() && lstatSync("/dev/null").isCharacterDevice());
    assertEquals(readdirSync(folder).sort(), ["device", "folder", "link", "pipe"]);
    await writeFile("/dev/null", "x");
  });
});

test("an atomic write takes names as long as the system does, and what it writes has such a name too", async () => {
  await withFolder(async (folder) => {
    for (const name of ["a".repeat(255), "é".repeat(127), "漢".repeat(85)]) {
      await writeFile(join(folder, name), "x", { atomic: true });
      const failing = async function* () {
        yield new Uint8Array(1);
        const part = readdirSync(folder).find((other) => other.endsWith(".part"))!;
        assert(part.startsWith(name.slice(0, 60)) && /\.[0-9a-f-]{36}\.part$/.test(part), part);
        throw new Error("seen");
      };
      await assertRejects(() => writeFile(join(folder, name), failing(), { atomic: true }), Error, "seen");
      assertEquals(readdirSync(folder), [name]);
      rmSync(join(folder, name));
    }
  });
});

test("while an atomic write replaces a secret, what it writes is nobody else's to read", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "a");
    writeFileSync(path, "old");
    for (const mode of [0o600, 0o4755, 0o444]) {
      chmodSync(path, mode);
      const content = async function* () {
        yield new Uint8Array(1);
        const part = readdirSync(folder).find((name) => name.endsWith(".part"))!;
        assertEquals(statSync(join(folder, part)).mode & 0o7777, mode);
      };
      await writeFile(path, content(), { atomic: true });
      assertEquals(statSync(path).mode & 0o7777, mode);
    }
  });
});

test("an atomic write keeps owner and group as far as it may; who may not gives no rights of the old owner away", async () => {
  await withFolder(async (folder) => {
    const isRoot = process.getuid!() === 0;
    const path = join(folder, "a");
    writeFileSync(path, "old");
    if (isRoot) chownSync(path, 4321, 4322);
    chmodSync(path, 0o4770);
    const { uid, gid } = statSync(path);
    await writeFile(path, "new", { atomic: true });
    const stat = statSync(path);
    assertEquals([stat.uid, stat.gid, stat.mode & 0o7777], [uid, gid, 0o4770]);
    // Only root can make another user's file, and become another user.
    if (!isRoot) return;
    chmodSync(folder, 0o777);
    const program = join(root, "tests/io/files/programs/write_as.ts");
    for (const group of ["4322", "65534"]) {
      chownSync(path, 4321, 4322);
      chmodSync(path, 0o6775);
      const { code, stderr } = await run(program, [path, group]);
      assertEquals([code, stderr], [0, ""]);
      const { uid, gid, mode } = statSync(path);
      const wanted = group === "4322" ? [65534, 4322, 0o775] : [65534, 65534, 0o705];
      assertEquals([readFileSync(path, "utf8"), uid, gid, mode & 0o7777], ["by another", ...wanted]);
    }
  });
});

test("an error of the system that is not that of a missing file is no reason to write a new one", async () => {
  await withFolder(async (folder) => {
    writeFileSync(join(folder, "file"), "x");
    const error = await assertRejects(() => writeFile(join(folder, "file", "a"), "x", { atomic: true }), Error);
    assertEquals((error as { code?: string }).code, "ENOTDIR");
    assertEquals(readdirSync(folder), ["file"]);
  });
});
