/**
 * Makes the pages of the guide that are tables: `npm run tables`, after a change of what they show. A test compares them with the code.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { executableOf, root } from "../tests/support/hosts.ts";
import { costsPage } from "./tables/costs.ts";
import { optionsPage } from "./tables/options.ts";

/** The pages, by their files. */
export const tables: Readonly<Record<string, () => string>> = {
  "docs/costs.md": () => formatted(costsPage()),
  "docs/options.md": () => formatted(optionsPage()),
};

/** A page as the formatter has it. */
function formatted(text: string): string {
  const args = ["fmt", "--ext", "md", "--config", join(root, "deno.json"), "-"];
  const { status, stdout, stderr } = spawnSync(executableOf("deno")!, args, {
    cwd: root,
    encoding: "utf8",
    input: text,
  });
  if (status !== 0) throw new Error(`deno fmt has failed: ${stderr}`);
  return stdout;
}

if (process.argv[1]?.endsWith("tables.ts")) {
  for (const [path, make] of Object.entries(tables)) {
    const file = join(root, path);
    const text = make();
    const isNew = readOrNothing(file) !== text;
    if (isNew) writeFileSync(file, text);
    console.log(`${path} ${isNew ? "was made anew" : "is as the code says"}`);
  }
}

function readOrNothing(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
