/**
 * The tests as a browser can load them: each file a bundle, with small stand-ins for what Node has and a page has not.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { Module } from "node:module";
import { join, relative } from "node:path";
import { build, type Metafile, type Plugin } from "esbuild";
import { root } from "../hosts.ts";

/** The modules that stand in, for builtins of Node, for packages, and for files of the tests. */
const standIns: Readonly<Record<string, string>> = {
  "node:test": "tests/support/browser/page/test.ts",
  "node:assert/strict": "tests/support/browser/page/node_assert.ts",
  "node:process": "tests/support/browser/page/node_process.ts",
  "node:async_hooks": "tests/support/browser/page/node_async_hooks.ts",
  "@std/assert": "tests/support/std_assert/mod.ts",
  "tests/support/child.ts": "tests/support/browser/page/child.ts",
};

/** The packages that pages can use. */
const bundled: ReadonlySet<string> = new Set(["fast-check"]);

/** The bundles of the tests that a page can run, and why it cannot run the others. */
export interface Bundles {
  /** The test files that are portable. */
  readonly portable: readonly string[];
  /** For each of the others the builtins of Node and the packages that it needs. */
  readonly others: ReadonlyMap<string, readonly string[]>;
  /** The script for a file of the tests; `undefined` where there is no such file. */
  script(file: string): Promise<string | undefined>;
  /** A stack with its places in the sources. */
  mapped(stack: string): string;
}

/** Bundles the test files. */
export async function bundleTests(files: readonly string[]): Promise<Bundles> {
  const outputs = new Map<string, Promise<string | undefined>>();
  const maps = new Map<string, string | Module.SourceMap>();
  async function bundle(entries: readonly string[]): Promise<Metafile> {
    const { outputFiles, metafile } = await build({
      absWorkingDir: root,
      entryPoints: entries.map((entry) => ({ in: entry, out: entry })),
      outdir: root,
      outExtension: { ".js": ".bundle.js" },
      bundle: true,
      format: "esm",
      platform: "browser",
      target: "esnext",
      keepNames: true,
      sourcemap: "external",
      sourcesContent: false,
      metafile: true,
      write: false,
      logLevel: "silent",
      plugins: [portability],
    });
    for (const { path, text } of outputFiles) {
      const [, file, map] = /^(.*)\.bundle\.js(\.map)?$/.exec(slashed(relative(root, path)))!;
      if (map === undefined) outputs.set(file!, Promise.resolve(text));
      else maps.set(file!, text);
    }
    return metafile;
  }
  /** A file that a test asks for, as a module of a worker is. What is no program is as it is. */
  async function bundleOne(file: string): Promise<string | undefined> {
    try {
      await bundle([file]);
      return outputs.get(file);
    } catch {
      return textOf(file);
    }
  }
  function mapOf(file: string): Module.SourceMap | undefined {
    const map = maps.get(file);
    if (typeof map !== "string") return map;
    const parsed = new Module.SourceMap(JSON.parse(map));
    maps.set(file, parsed);
    return parsed;
  }
  const { inputs } = await bundle(files);
  const needs = new Map(files.map((file) => [file, missing(file, inputs)]));
  return {
    portable: files.filter((file) => needs.get(file)!.length === 0),
    others: new Map([...needs].filter(([, missing]) => missing.length > 0)),
    script(file) {
      const output = outputs.get(file) ?? bundleOne(file);
      outputs.set(file, output);
      return output;
    },
    mapped: (stack) =>
      stack.replace(/https?:\/\/[^/\s]+\/(tests\/[^\s:?]+)(?:\?\S*?)?:(\d+):(\d+)/g, (place, file, line, column) => {
        const entry = mapOf(file)?.findEntry(Number(line) - 1, Number(column) - 1);
        if (entry === undefined || !("originalLine" in entry)) return place;
        const source = slashed(relative(root, join(root, file, "..", entry.originalSource)));
        return `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
      }),
  };
}

/** Puts the stand-ins in their places, leaves out other builtins and packages, and lets a module of the tests know where it lies. */
const portability: Plugin = {
  name: "portability",
  setup(build) {
    build.onResolve({ filter: /^[^./]/ }, ({ path, kind, importer }) => {
      if (kind === "entry-point" || bundled.has(path) || importer.includes("node_modules")) return undefined;
      const standIn = standIns[path];
      return standIn === undefined ? { path, external: true } : { path: join(root, standIn) };
    });
    build.onResolve({ filter: /^\..*\/child\.ts$/ }, ({ path, resolveDir }) => {
      const standIn = standIns[slashed(relative(root, join(resolveDir, path)))];
      return standIn === undefined ? undefined : { path: join(root, standIn) };
    });
    // A bundle lies in one place, its modules in many.
    build.onLoad({ filter: /[\\/]tests[\\/].*\.ts$/ }, ({ path }) => {
      const url = `new URL(${JSON.stringify(`/${slashed(relative(root, path))}`)}, globalThis.location.origin).href`;
      return { contents: readFileSync(path, "utf8").replace(/(?<!["`])import\.meta\.url/g, url), loader: "ts" };
    });
  },
};

/** The builtins of Node and the packages that no page has and a file reaches, by imports that are there from the beginning. */
function missing(file: string, inputs: Metafile["inputs"]): string[] {
  const reached = new Set([file]);
  const found = new Set<string>();
  for (const path of reached) {
    for (const { path: imported, kind, external } of inputs[path]?.imports ?? []) {
      if (kind !== "import-statement" && kind !== "require-call") continue;
      if (external && imported !== "<runtime>") found.add(imported);
      else reached.add(imported);
    }
  }
  return [...found].sort();
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(join(root, file), "utf8");
  } catch {
    return undefined;
  }
}

function slashed(path: string): string {
  return path.replaceAll("\\", "/");
}
