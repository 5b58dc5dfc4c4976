/**
 * `npm run bench`: every claim beside its floor and its peers, in one run.
 *
 *   --only NAME      the bench of that name, else those whose name contains NAME; several with commas between them
 *   --runtime HOST   node (default), node26, deno or bun; several with commas between them
 *   --json           the figures as JSON, a line for each bench
 *   --html [FILE]    a page with a plot for each claim, and its figures beside it as FILE.jsonl, which later runs add to; all
 *                    benches of speed unless --only names some. Default: docs/benchmarks/report.html
 *   --from FILES     for --html: shows what --json has printed to these files, and runs nothing
 *   --against REF    what has changed since REF, a revision of the repository or another checkout's folder: both trees run
 *                    their own benches of these names, in turn, and each change is told with its spread
 *   --pairs N        for --against: that many processes of each tree, 8 at least; else as many as it takes, 30 at most
 *   --seeds, --cap, --twins, --plot   for the bench of bugs: how many seeds, where a search ends, schedules of each mended
 *                    twin, and the file of the plot
 */

import process from "node:process";
import { hostOfThis } from "../tests/support/hosts.ts";
import { benches } from "./all.ts";
import { engineArguments, neededExecutable } from "./engine.ts";
import { type Bench, measure, measureSide } from "./harness.ts";
import { BadOptions, named, type Options, parseOptions } from "./options.ts";
import { textOf } from "./print.ts";
import { resultOf } from "./results.ts";
import { MissingTool } from "./tools.ts";
import { enders } from "./worker_raw.ts";

try {
  const options = parseOptions(process.argv.slice(2), hostOfThis());
  if (options.here) await runHere(options);
  else if (options.against !== undefined) process.exit(await compare(options));
  else {
    // Only here: the process of a bench has no use for pages.
    const { runAll } = await import("./run_all.ts");
    process.exit(await runAll(options));
  }
  process.exit(0);
} catch (error) {
  if (!(error instanceof BadOptions || error instanceof MissingTool)) throw error;
  console.error(error.message);
  for (const end of enders) end();
  process.exit(2);
}

/** Runs one bench in this process. */
async function runHere({ only, json, side, seeds, cap, twins, plot }: Options): Promise<void> {
  for (const bench of benches.filter(({ name }) => only?.includes(name))) {
    if (bench.report !== undefined) {
      await bench.report({ json, seeds, cap, twins, plot });
      continue;
    }
    const began = performance.now();
    const measured = await (side ? measureSide : measure)(bench);
    const result = resultOf(bench, measured, (performance.now() - began) / 1000);
    console.log(json ? JSON.stringify(result) : textOf(result));
    for (const end of enders) end();
  }
}

/** Compares this tree with another one; answers with the exit code. */
async function compare({ only, hosts, pairs, json, against: reference }: Options): Promise<number> {
  const host = hosts[0]!;
  const executable = neededExecutable(host);
  const wanted = named(benches, only);
  const names = wanted.filter(({ report }: Bench) => report === undefined).map(({ name }) => name);
  for (const { name, report } of wanted) if (report) console.error(`${name} prints a report of its own: left out`);
  if (names.length === 0) throw new BadOptions("There is nothing to compare");
  const flags = engineArguments(host, true);
  const { against } = await import("./against.ts");
  return await against({ names, reference: reference!, pairs, json, host, executable, flags });
}
