/**
 * The program: one group. In it run the sampler of the loop's delay, the indexing with its progress bar, and the server,
 * each of whose requests is a group of its own.
 */

import process from "node:process";
import { inspector } from "../../io/mod.ts";
import { group, main, type TaskGroup } from "../../mod.ts";
import type { Arguments } from "./args.ts";
import { Indexer } from "./indexer.ts";
import { LoopDelay } from "./loop_delay.ts";
import { showProgress, summary } from "./progress.ts";
import { SearchServer } from "./server.ts";
import { wordsOf } from "./tokenizer.ts";

/** Runs until the program is told to end, or with `--once` until the answer is printed. */
export async function runProgram(options: Arguments): Promise<void> {
  await main(async (g) => {
    try {
      await (options.once === undefined ? serveAll(g, options) : answerOnce(g, options, options.once));
    } catch (error) {
      const { code } = error as { code?: string };
      if (code !== "EADDRINUSE" && code !== "EACCES") throw error;
      console.error((error as Error).message);
      process.exitCode = 1;
      g.cancel();
    }
  });
}

async function serveAll(g: TaskGroup, options: Arguments): Promise<void> {
  const delay = new LoopDelay();
  const indexer = new Indexer();
  const search = new SearchServer(indexer, delay, options.deadline);
  g.defer(() => search.close());
  const beside = options.inspect ? await inspector() : undefined;
  const server = await search.open(options.port);
  console.log(`Searching at ${beside === undefined ? server.url : withInspector(server.url, beside.url)}`);
  measure(g, delay);
  g.spawn(async () => {
    await build(indexer, delay, options.folders);
    console.error(summary(indexer, delay));
  }, { name: "index", priority: "background" });
}

/**
 * The address of the page, with that of the inspector behind the `#`. A browser sends this part to nobody: whoever else
 * may ask the server, another user of the machine for one, does not get the token from it.
 */
function withInspector(page: URL, inspector: URL): URL {
  return new URL(`#inspector=${inspector.port}${inspector.pathname}`, page);
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

/**
 * A daemon: it does not keep the program, and ends with it.
 *
 * It begins when the server listens. What was before, half a second of reading and compiling modules, nobody could feel.
 * What comes after counts, cold code and collections of garbage among it. Measured on Node 20 and 26, two processors: the
 * thread itself ran for less than 10 ms of any delay. Longer ones, 190 ms while a browser started, were a wait for a
 * processor; where it got one at once (`chrt -r 1`) the longest of three seconds was 8 to 13 ms, and had a collection of
 * 2 to 4 ms in it.
 */
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
