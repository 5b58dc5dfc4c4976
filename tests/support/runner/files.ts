/**
 * The test files.
 *
 * @module
 */

import { readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { root } from "../hosts.ts";

/**
 * The test files with one of `parts` in their path, or all of them, in order; throws when a part is in none.
 *
 * Node 20's own `--test` does not know `**`.
 */
export function testFiles(parts: readonly string[]): string[] {
  const all: string[] = [];
  function look(folder: string): void {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.name === "node_modules" || entry.name.startsWith(".")) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) look(path);
      else if (entry.name.endsWith("_test.ts")) all.push(relative(root, path).replaceAll("\\", "/"));
    }
  }
  look(join(root, "tests"));
  const unknown = parts.filter((part) => !all.some((file) => file.includes(part)));
  if (unknown.length > 0) throw new Error(`No test file matches ${unknown.join(", ")}`);
  return all.filter((file) => parts.length === 0 || parts.some((part) => file.includes(part))).sort();
}
