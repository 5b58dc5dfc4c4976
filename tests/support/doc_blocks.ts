/**
 * The TypeScript blocks of the documentation as modules: those of the README, of the guide, and the examples of the docstrings.
 *
 * A block marked `ts no-run` is only checked for types. Where a block says what it prints, in comments `// -> text`, that
 * is compared, line by line. A block that reads `NATS_URL` from its environment has a nats-server there; one that reads `NATS_CA` too has
 * one with the users of docs/remote/nats.conf, and their passwords.
 *
 * @module
 */

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { root } from "./hosts.ts";

/** A block, and where its module was written. */
export interface DocBlock {
  /** File and line of the block. */
  readonly title: string;
  /** The module's file. */
  readonly file: string;
  /** Is it to be run? Else it is only checked. */
  readonly runs: boolean;
  /** What it is to print; empty when it does not say. */
  readonly prints: readonly string[];
  /** The nats-server that it calls, if it calls one. */
  readonly nats: "open" | "secured" | undefined;
}

const folder = join(root, "tests/.docs");

/** The doors of the package, as the documentation names them. */
const doors: Record<string, string> = {
  "@millrace/millrace": "mod.ts",
  "@millrace/millrace/io": "io/mod.ts",
  "@millrace/millrace/remote": "remote.ts",
  "@millrace/millrace/testing": "testing.ts",
  "@millrace/millrace/worker": "worker.ts",
};

/** The module that a docstring calls `./tasks.ts`: its reader has one beside the program. */
const tasks = join(root, "docs/programs/remote_tasks.ts");

/** Writes the modules of all blocks, afresh, and lists them. */
export function writeDocBlocks(): DocBlock[] {
  const texts = new Map(blocks().map((block) => [block.file, block.text]));
  const old = existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  for (const file of old) if (!texts.has(file)) rmSync(file);
  mkdirSync(folder, { recursive: true });
  for (const [file, text] of texts) {
    // Several runtimes may be at work: a file that is right is not touched.
    if (!existsSync(file) || readFileSync(file, "utf8") !== text) writeFileSync(file, text);
  }
  return blocks();
}

function blocks(): (DocBlock & { text: string })[] {
  return documents().flatMap((path) => {
    const source = readFileSync(path, "utf8");
    const isMarkdown = path.endsWith(".md");
    const pattern = isMarkdown
      ? /^```ts(?<mark> no-run)?\n(?<code>[^]*?)^```$/gm
      : /^ *\* ```ts(?<mark> no-run)?\n(?<code>[^]*?)^ *\* ```$/gm;
    return [...source.matchAll(pattern)].map(({ groups, index }) => {
      const code = isMarkdown ? groups!["code"]! : groups!["code"]!.replace(/^ *\* ?/gm, "");
      const line = source.slice(0, index).split("\n").length;
      const title = `${relative(root, path)}:${line}`;
      const file = join(folder, title.replace(/[^\w]+/g, "_") + ".ts");
      return {
        title,
        file,
        runs: groups!["mark"] === undefined,
        prints: [...code.matchAll(/\/\/ -> (.*)$/gm)].map((match) => match[1]!),
        nats: !/\bNATS_URL\b/.test(code) ? undefined : /\bNATS_CA\b/.test(code) ? "secured" : "open",
        // A module, whatever is in it.
        text: resolveImports(code, path) + "\nexport {};\n",
      };
    });
  });
}

function documents(): string[] {
  const found: string[] = [];
  const places = ["README.md", "mod.ts", "remote.ts", "testing.ts", "worker.ts", "docs", "runtime", "scheduler", "io"];
  function look(path: string): void {
    if (!existsSync(path)) return;
    if (/\.(ts|md)$/.test(path)) found.push(path);
    else if (!/\.\w+$/.test(path)) { for (const name of readdirSync(path).sort()) look(join(path, name)); }
  }
  for (const place of places) look(join(root, place));
  return found;
}

/** Imports of the package by its name, and of files beside the document, as paths from where the module is written. */
function resolveImports(code: string, document: string): string {
  return code.replace(/((?:from|import\(|new URL\()\s*)"([^"]+)"/g, (all, before: string, name: string) => {
    const target = Object.hasOwn(doors, name)
      ? join(root, doors[name]!)
      : name === "./tasks.ts" && document.endsWith(".ts")
      ? tasks
      : /^\.\.?\//.test(name)
      ? join(dirname(document), name)
      : undefined;
    if (target === undefined) return all;
    const path = relative(folder, target).replaceAll("\\", "/");
    return `${before}"${path}"`;
  });
}
