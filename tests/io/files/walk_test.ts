import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { walk } from "../../../io/mod.ts";
import { CancelScope, group, sleep } from "../../../mod.ts";
import { collect } from "../../support/chunks.ts";
import { openPaths, withFolder } from "../../support/folder.ts";

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

/** A tree of folders with a file in each; gives their paths, in the order of a walk. */
function makeTree(folder: string, width: number, depth: number): string[] {
  const paths: string[] = [];
  writeFileSync(join(folder, "file"), "");
  paths.push(join(folder, "file"));
  if (depth === 0) return paths;
  const inner = Array.from({ length: width }, (_, index) => join(folder, `d${index}`));
  for (const path of inner) mkdirSync(path);
  paths.unshift(...inner);
  for (const path of inner) paths.push(...makeTree(path, width, depth - 1));
  return paths;
}

test("the order of a walk does not depend on how many folders are read ahead", async () => {
  await withFolder(async (folder) => {
    const wanted = makeTree(folder, 4, 3);
    for (const limit of [1, 2, 8, Infinity]) {
      assertEquals((await collect(walk(folder, { limit }))).map(({ path }) => path), wanted);
    }
  });
});

test("links are followed where that is asked for, each folder once, so that no loop traps the walk", async () => {
  await withFolder(async (folder) => {
    mkdirSync(join(folder, "a", "b"), { recursive: true });
    mkdirSync(join(folder, "other"));
    writeFileSync(join(folder, "other", "file"), "");
    symlinkSync(folder, join(folder, "a", "b", "loop"));
    symlinkSync(join(folder, "other"), join(folder, "a", "link"));
    symlinkSync(join(folder, "other", "file"), join(folder, "a", "to-file"));
    symlinkSync(join(folder, "nowhere"), join(folder, "a", "broken"));
    symlinkSync("self", join(folder, "a", "self"));
    const errors: string[] = [];
    const onError = (error: unknown) => errors.push((error as { code: string }).code);
    const found = await collect(walk(folder, { followLinks: true, onError }));
    assertEquals(found.map(({ path }) => path.slice(folder.length + 1)), [
      "a",
      "other",
      "a/b",
      "a/broken",
      "a/link",
      "a/self",
      "a/to-file",
      "a/b/loop",
      "a/link/file",
    ]);
    assertEquals(errors.sort(), ["ELOOP", "ENOENT"]);
  });
});

test("nothing is left open, and nothing goes on, when a walk is left", async () => {
  await withFolder(async (folder) => {
    makeTree(folder, 5, 3);
    for await (const _ of walk(folder, { limit: 20 })) break;
    let seen = 0;
    await group(async (g) => {
      for await (const _ of walk(folder, { limit: 20 })) if (++seen === 30) g.cancel();
    });
    const reason = new Error("mine");
    const controller = new AbortController();
    const walking = walk(folder, { signal: controller.signal });
    await walking.next();
    controller.abort(reason);
    assertStrictEquals(await assertRejects(() => walking.next()), reason);
    assertEquals(openPaths(folder), []);
  });
});
