/**
 * Seeds of the simulated store on all processors: `npx tsx examples/kv/soak.ts`, with the name of a file in `soaks/`, how many seeds, and the
 * file for a page: `... soak.ts unsynced_vote 2000 report.html`. Without arguments it is the store as it is, with 1000 seeds.
 */

import { writeFile } from "node:fs/promises";
import process from "node:process";
import { soak, SoakFailure } from "../../testing.ts";

const [name = "sound", seeds = "1000", page] = process.argv.slice(2);
const onTerminal = process.stderr.isTTY;

try {
  const report = await soak(new URL(`./soaks/${name}.ts`, import.meta.url), {
    seeds: Number(seeds),
    onProgress: ({ seeds }) => onTerminal && process.stderr.write(`\r${seeds} seeds`),
  });
  if (onTerminal) process.stderr.write("\r");
  console.log(String(report));
  if (page !== undefined) await writeFile(page, report.html());
} catch (error) {
  if (!(error instanceof SoakFailure)) throw error;
  console.log(error.message);
  if (page !== undefined) await writeFile(page, error.report.html());
  process.exitCode = 1;
}
