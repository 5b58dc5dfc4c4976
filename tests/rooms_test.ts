/** The rules of the house that can be read off the source; the table is in support/rooms/house.ts. */

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { root } from "./support/hosts.ts";
import { drawingFile, withDrawing } from "./support/rooms/draw.ts";
import { house, type Room } from "./support/rooms/house.ts";
import {
  brokenTable,
  homeless,
  importCircles,
  longFiles,
  strayTests,
  unusedDoors,
  wrongImports,
} from "./support/rooms/rules.ts";
import { floors, librarySources, type Source, sourceOf } from "./support/rooms/sources.ts";

const all = librarySources();

test("each file lives in a room of the table, and the table stands on itself from the ground up", () => {
  assert(all.length > 200, `only ${all.length} files were looked at`);
  assertEquals(brokenTable(house), []);
  assertEquals(homeless(all, house), []);
});

test("a room imports only rooms below it, and only by their doors", () => {
  assertEquals(wrongImports(all, house), []);
});

test("each door of the table is used by another room", () => {
  assertEquals(unusedDoors(all, house), []);
});

test("no files import one another in a circle, types counted", () => {
  assertEquals(importCircles(all), []);
});

test("no file of the library is longer than 350 lines", () => {
  assertEquals(longFiles(all), []);
});

test("a floor has so few rooms that they can be drawn from memory", () => {
  const most = { runtime: 9, scheduler: 16, io: 10 };
  for (const floor of floors) {
    const count = house.filter(({ path }) => path.startsWith(`${floor}/`)).length;
    assert(count > 0 && count <= most[floor], `${floor}/ has ${count} rooms`);
  }
});

test("ARCHITECTURE.md shows the rooms as they are; `npm run rooms` draws them", () => {
  const text = readFileSync(drawingFile, "utf8");
  assertEquals(text, withDrawing(text, all));
});

test("the tests of the three floors lie in the folders of what they test", () => {
  const tests = floors.flatMap((floor) =>
    readdirSync(join(root, "tests", floor), { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith("_test.ts")
    ).map((name) => `${floor}/${name}`)
  );
  assertEquals(strayTests(tests, all), []);
});

test("each rule finds what breaks it", () => {
  const rooms: Room[] = [
    { path: "runtime/low", says: "", over: [], doors: ["door"], inside: { a: [], b: ["a"] } },
    { path: "runtime/side", says: "", over: [] },
    { path: "scheduler/high", says: "", over: ["runtime/low"], doors: [] },
  ];
  const file = (path: string, ...imports: string[]): Source =>
    sourceOf(path, imports.map((name) => `import type { X } from "${name}";`).join("\n"));
  const wrong = (...files: Source[]) => wrongImports(files, rooms);

  assertEquals(wrong(file("scheduler/high/x.ts", "../../runtime/low/door.ts", "../../runtime/low/mod.ts")), []);
  assertEquals(wrong(file("scheduler/high/x.ts", "../../runtime/low/other.ts")).length, 1, "no door");
  assertEquals(wrong(file("scheduler/high/x.ts", "../../runtime/side/x.ts")).length, 1, "a room it does not stand on");
  assertEquals(wrong(file("runtime/low/x.ts", "../../scheduler/high/mod.ts")).length, 1, "upward");
  assertEquals(wrong(file("runtime/low/a/x.ts", "../b/y.ts")).length, 1, "upward inside a room");
  assertEquals(wrong(file("runtime/low/b/x.ts", "../a/y.ts")), []);
  assertEquals(wrong(file("scheduler/high/x.ts", "node:fs")).length, 1, "a module of the host");
  assertEquals(wrong(file("scheduler/high/x.ts", "lodash")).length, 1, "a foreign module");
  assertEquals(wrong(file("runtime/low/x.ts", "node:fs")), []);
  assertEquals(wrong(file("scheduler/mod.ts", "./high/x.ts")).length, 1, "a floor that lists no room");
  assertEquals(wrong(file("scheduler/mod.ts", "./high/mod.ts")), []);
  assertEquals(homeless([file("scheduler/attic/x.ts")], rooms).length, 1);
  assertEquals(unusedDoors([file("scheduler/high/x.ts")], rooms), ["nobody comes in by runtime/low/door.ts"]);
  assertEquals(importCircles([file("io/a.ts", "./b.ts"), file("io/b.ts", "./c.ts"), file("io/c.ts", "./a.ts")]), [
    "a circle: io/a.ts, io/b.ts, io/c.ts",
  ]);
  assertEquals(longFiles([sourceOf("io/a.ts", "x\n".repeat(350)), sourceOf("io/b.ts", "x\n".repeat(351))]), [
    "io/b.ts has 351 lines, more than 350",
  ]);
  assertEquals(strayTests(["io/attic/x_test.ts", "io/net/y_test.ts", "io/z_test.ts"], [file("io/net/x.ts")]), [
    "tests/io/attic/x_test.ts mirrors nothing of the library",
    "tests/io/z_test.ts mirrors nothing of the library",
  ]);
  assertEquals(
    brokenTable([{ path: "io/a", says: "", over: ["io/b"] }, { path: "io/b", says: "", over: [] }]).length,
    1,
  );
  assertEquals(brokenTable([{ path: "io/a", says: "", over: [], inside: { x: ["y"], y: [] } }]).length, 1);
  const doors = ["a", "b", "c", "d", "e", "f", "g", "h"];
  assertEquals(brokenTable([{ path: "io/a", says: "", over: [], doors }]).length, 1);
});

test("mod.ts reaches no module of Node by a static import, so that a browser can load it", () => {
  const seen = new Set<string>();
  const wrong: string[] = [];
  const wanted = [join(root, "mod.ts")];
  for (let file = wanted.pop(); file !== undefined; file = wanted.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    const code = readFileSync(file, "utf8").replace(/\/\*[^]*?\*\//g, "");
    for (const [, name] of code.matchAll(/^(?!import type|export type).*?from\s+"([^"]+)"/gm)) {
      if (name!.startsWith(".")) wanted.push(join(dirname(file), name!));
      else wrong.push(`${relative(root, file)} imports ${name}`);
    }
  }
  assertEquals(wrong, []);
  assert(seen.size > 20, `only ${seen.size} modules were looked at`);
});

test("above runtime/ time, timers, threads and the process are reached only through the host; a browser's page has none", () => {
  const wrong: string[] = [];
  const forbidden =
    /(?<![.\w#])(?:setTimeout|setInterval|setImmediate|queueMacrotask|performance\.now|Date\.now|console\.\w+|process\.\w+)\s*\(/g;
  for (const { path, code } of all) {
    if (path.startsWith("runtime/") || path.startsWith("io/inspector/page")) continue;
    for (const match of code.matchAll(forbidden)) wrong.push(`${path} calls ${match[0]}`);
  }
  assertEquals(wrong, []);
});

test("no any in the source of the library, and no mark of unfinished work", () => {
  const wrong: string[] = [];
  for (const { path, code, text } of all) {
    const found = [...code.matchAll(/(?::|\bas|<)\s*any\b/g), ...text.matchAll(/\b(?:TODO|FIXME|XXX|HACK)\b/g)];
    for (const match of found) wrong.push(`${path}: ${match[0]}`);
  }
  assertEquals(wrong, []);
});
