/**
 * A code-search server over real files: `npm start -- --help`.
 *
 * One group is the program. In it run the sampler of the loop's delay, the indexing with its progress bar, and the
 * server, each of whose requests is a group of its own.
 */

import process from "node:process";
import { inspector } from "../../io/mod.ts";
import { group, main, type TaskGroup } from "../../mod.ts";
import { type Arguments, checkFolders, readArguments, usage, UsageError } from "./args.ts";
import { Indexer } from "./indexer.ts";
import { LoopDelay } from "./loop_delay.ts";
import { showProgress, summary } from "./progress.ts";
import { SearchServer } from "./server.ts";
import { wordsOf } from "./tokenizer.ts";

await main(async (g) => {
  try {
    const options = readArguments(process.argv.slice(2), process.env);
    if (options === "help") return console.log(usage);
    await checkFolders(options.folders);
    await (options.once === undefined ? serveAll(g, options) : answerOnce(g, options, options.once));
  } catch (error) {
    const { code, exitCode } = error as { code?: string; exitCode?: number };
    if (!(error instanceof UsageError) && code !== "EADDRINUSE" && code !== "EACCES") throw error;
    console.error((error as Error).message);
    process.exitCode = exitCode ?? 1;
    g.cancel();
  }
});

async function serveAll(g: TaskGroup, options: Arguments): Promise<void> {
  const delay = new LoopDelay();
  const indexer = new Indexer();
  const search = new SearchServer(indexer, delay, options.deadline);
  g.defer(() => search.close());
  if (options.inspect) await inspector();
  const server = await search.open(options.port);
  console.log(`Searching at ${server.url}`);
  measure(g, delay);
  g.spawn(async () => {
    await build(indexer, delay, options.folders);
    console.error(summary(indexer, delay));
  }, { name: "index", priority: "background" });
}

async function answerOnce(g: TaskGroup, options: Arguments, query: string): Promise<void> {
  const delay = new LoopDelay();
  const indexer = new Indexer();
  measure(g, delay);
  await build(indexer, delay, options.folders);
  const hits = await indexer.index.search(wordsOf(query), 20);
  for (const { path, score } of hits) console.log(`${score.toFixed(3).padStart(8)}  ${path}`);
  if (hits.length === 0) console.log(`No file has ${JSON.stringify(query)}`);
  console.log(summary(indexer, delay));
}

/** A daemon: it does not keep the program, and ends with it. */
function measure(g: TaskGroup, delay: LoopDelay): void {
  g.spawn(() => delay.run(), { name: "loop delay", priority: "user-blocking", daemon: true });
}

/** Builds the index; the progress is shown meanwhile. */
function build(indexer: Indexer, delay: LoopDelay, folders: readonly string[]): Promise<void> {
  return group(async (g) => {
    g.spawn(() => showProgress(indexer, delay), { name: "progress", daemon: true });
    await indexer.run(folders);
  }, { name: "build" });
}
