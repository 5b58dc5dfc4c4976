/** The statements of the page on semantics are held by tests that are there. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { root } from "./support/hosts.ts";

/** The titles of the tests in a file, as they stand there: the first argument, or after what the test needs the second. */
function titlesIn(file: string): string[] {
  const text = readFileSync(file, "utf8");
  return [...text.matchAll(/\btest\w*\(\s*(?:(?:"[^"]*"|\[[^\]]*\]),\s*)?(["`])((?:\\.|(?!\1)[^])*?)\1/g)].map((
    [, , title],
  ) => title!);
}

const items = readFileSync(join(root, "docs/semantics.md"), "utf8").split(/^(?=\d+\. )/m).slice(1);

test("every statement on semantics names tests that are there, by their file and their exact title", () => {
  const missing: string[] = [];
  for (const item of items) {
    const [statement, ...tests] = item.split(/^ +- (?=\[)/m);
    if (tests.length === 0) missing.push(`no test for: ${statement!.trim()}`);
    for (const named of tests) {
      const [, path, title] = /^\[\w+\]\(\.\.\/(tests\/[^)]+)\):\s+`([^`]+)`/.exec(named) ?? [];
      assert(path !== undefined && title !== undefined, `This names no test: ${named}`);
      const file = join(root, path);
      const whole = title.replace(/\s+/g, " ");
      if (!existsSync(file) || !titlesIn(file).includes(whole)) missing.push(`${path}: ${whole}`);
    }
  }
  assertEquals(missing, []);
  assert(items.length >= 60, `${items.length} statements`);
});

test("every option of the pool in its guide names a test that is there", () => {
  const [, table = ""] = readFileSync(join(root, "docs/workers.md"), "utf8").split("## The options, and their tests");
  const rows = table.split("\n## ")[0]!.split("\n").filter((line) => line.startsWith("| `"));
  const missing = rows.filter((row) => {
    const [, path, title] = /\]\(\.\.\/(tests\/[^)]+)\): `([^`]+)`/.exec(row) ?? [];
    return path === undefined || !existsSync(join(root, path)) || !titlesIn(join(root, path)).includes(title!);
  });
  assertEquals(missing, []);
  assert(rows.length >= 20, `${rows.length} rows`);
});

test("the statements on semantics are numbered through", () => {
  const parts = readFileSync(join(root, "docs/semantics.md"), "utf8").split(/^## /m).slice(1);
  const numbers = parts.flatMap((part) => [...part.matchAll(/^(\d+)\. /gm)].map(([, number]) => Number(number)));
  assertEquals(numbers, numbers.map((_, at) => at + 1));
});
