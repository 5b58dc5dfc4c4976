/** The rules of the house that can be read off the source. */

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { root } from "./support/hosts.ts";

const floors = ["runtime", "scheduler", "io"] as const;

interface Source {
  path: string;
  floor: number;
  /** The text without comments and strings' contents untouched. */
  code: string;
  imports: string[];
}

function sources(): Source[] {
  return floors.flatMap((floor, index) =>
    readdirSync(join(root, floor), { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts")).map(
      (name) => {
        const file = join(root, floor, name);
        const code = readFileSync(file, "utf8").replace(/\/\*[^]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
        // The types of an optional peer are not there at run time.
        const imports = [
          ...code.replace(/^import type .* from "fast-check";$/m, "").matchAll(/(?:from|import\()\s*"([^"]+)"/g),
        ].map((match) => match[1]!);
        return { path: relative(root, file), floor: index, code, imports };
      },
    )
  );
}

const all = sources();

test("imports go down only: io to scheduler to runtime, and nothing outside", () => {
  const wrong: string[] = [];
  for (const { path, floor, imports } of all) {
    for (const name of imports) {
      const target = relative(root, join(root, dirname(path), name)).split("/")[0]!;
      const to = floors.indexOf(target as (typeof floors)[number]);
      const isHosts = floor === 0 && name.startsWith("node:");
      if (!isHosts && (!name.startsWith(".") || to < 0 || to > floor)) wrong.push(`${path} imports ${name}`);
    }
  }
  assertEquals(wrong, []);
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

test("above runtime/ time, timers, threads and the process are reached only through the host", () => {
  const wrong: string[] = [];
  const forbidden =
    /(?<![.\w#])(?:setTimeout|setInterval|setImmediate|queueMacrotask|performance\.now|Date\.now|console\.\w+|process\.\w+)\s*\(/g;
  for (const { path, floor, code } of all) {
    if (floor === 0) continue;
    for (const match of code.matchAll(forbidden)) wrong.push(`${path} calls ${match[0]}`);
  }
  assertEquals(wrong, []);
});

test("no any in the source of the library, and no mark of unfinished work", () => {
  const wrong: string[] = [];
  for (const { path, code } of all) {
    const text = readFileSync(join(root, path), "utf8");
    const found = [...code.matchAll(/(?::|\bas|<)\s*any\b/g), ...text.matchAll(/\b(?:TODO|FIXME|XXX|HACK)\b/g)];
    for (const match of found) wrong.push(`${path}: ${match[0]}`);
  }
  assertEquals(wrong, []);
});
