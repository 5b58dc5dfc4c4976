/**
 * The library's own files and what they import, read off their text. Types count: an import of a type is an import.
 *
 * @module
 */

import { readdirSync, readFileSync } from "node:fs";
import { join, posix, relative, sep } from "node:path";
import { root } from "../hosts.ts";

/** The floors of the house, from the ground up. */
export const floors = ["runtime", "scheduler", "io"] as const;

/** One file of the library. */
export interface Source {
  /** Its path below the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  /** The text without comments. */
  readonly code: string;
  /** What it imports: paths below the root, and the names of foreign modules. */
  readonly imports: readonly string[];
}

/** All files of the three floors. */
export function librarySources(): Source[] {
  return floors.flatMap((floor) =>
    readdirSync(join(root, floor), { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts")).map(
      (name) => {
        const file = join(root, floor, name);
        return sourceOf(relative(root, file).split(sep).join("/"), readFileSync(file, "utf8"));
      },
    )
  );
}

/** A file as the rules see it. */
export function sourceOf(path: string, text: string): Source {
  const code = text.replace(/\/\*[^]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  const specifiers = code.matchAll(/(?:\bfrom|\bimport\(|^import)\s*"([^"]+)"/gm);
  const imports = [...specifiers].map(([, name]) =>
    name!.startsWith(".") ? posix.join(posix.dirname(path), name!) : name!
  );
  return { path, text, code, imports: [...new Set(imports)] };
}

/** Files that import one another in a circle, each such set by itself. */
export function circles(sources: readonly Source[]): string[][] {
  const importsOf = new Map(sources.map(({ path, imports }) => [path, imports]));
  const reached = new Map([...importsOf.keys()].map((path) => [path, reachedFrom(path, importsOf)]));
  const found: string[][] = [];
  const seen = new Set<string>();
  for (const [path, all] of reached) {
    if (seen.has(path) || !all.has(path)) continue;
    const circle = [...all].filter((other) => reached.get(other)?.has(path));
    for (const member of circle) seen.add(member);
    found.push(circle.sort());
  }
  return found;
}

function reachedFrom(path: string, importsOf: ReadonlyMap<string, readonly string[]>): Set<string> {
  const reached = new Set<string>();
  const open = [...importsOf.get(path) ?? []];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (reached.has(next) || !importsOf.has(next)) continue;
    reached.add(next);
    open.push(...importsOf.get(next)!);
  }
  return reached;
}
