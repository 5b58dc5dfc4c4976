/** The report: a page, and the figures it shows beside it. */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { sections } from "./all.ts";
import { BadOptions } from "./options.ts";
import { page } from "./page.ts";
import { mergeResults, parseResults, type Result, writeResults } from "./results.ts";

/** The results in these files. */
export function readResults(files: readonly string[]): Result[] {
  return files.flatMap((file) => {
    if (!existsSync(file)) throw new BadOptions(`There is no file ${file} with results`);
    return parseResults(readFileSync(file, "utf8"));
  });
}

/** Writes the page of what is in the file beside it and what is new, without those that have failed this time; says where it is. */
export function writeReport(
  file: string,
  added: readonly Result[],
  gone: readonly { readonly host: string; readonly bench: string }[],
): string {
  const data = file.replace(/(\.html?)?$/, ".jsonl");
  const kept = existsSync(data) ? parseResults(readFileSync(data, "utf8")) : [];
  const names = new Set(sections.flatMap(({ benches }) => benches.map(({ name }) => name)));
  const results = mergeResults(kept, added).filter(({ host, bench }) =>
    names.has(bench) && !gone.some((each) => each.host === host && each.bench === bench)
  );
  if (results.length === 0) return "There are no results to show";
  const order = [...names];
  const hosts = ["node", "node26", "deno", "bun"];
  results.sort((a, b) =>
    order.indexOf(a.bench) - order.indexOf(b.bench) || hosts.indexOf(a.host) - hosts.indexOf(b.host)
  );
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(data, writeResults(results));
  writeFileSync(file, page(sections, results));
  return `${file} and ${data}: ${results.length} results`;
}
