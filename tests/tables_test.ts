/** The pages of the guide that are tables say what the code says. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { tables } from "../scripts/tables.ts";
import { optionSets } from "../scripts/tables/options.ts";
import { root } from "./support/hosts.ts";

for (const [path, make] of Object.entries(tables)) {
  test(`${path} is as the code says; \`npm run tables\` makes it`, () => {
    assertEquals(readFileSync(join(root, path), "utf8"), make());
  });
}

test("every option says beside its type what it is, and what it is when it is left out", () => {
  const sets = [...optionSets().values()].flat();
  const silent = sets.flatMap(({ title, options }) =>
    options.filter((option) => option.says === "" || option.default === undefined && !isAbsence(option.type))
      .map(({ name }) => `${title}.${name}`)
  );
  assertEquals(silent, []);
  assert(sets.length > 60, `${sets.length} sets`);
});

/** A signal or a function that is left out is none. */
function isAbsence(type: string): boolean {
  return type === "AbortSignal" || type.includes("=>");
}
