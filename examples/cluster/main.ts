/**
 * The search of examples/search over several processes: `npm run cluster -- --help`.
 *
 * Within one program: a nats-server, workers as processes, and a page that shows who does what. Kill a worker while it searches: its calls
 * run again on another one, and the search is whole.
 */

import { stat } from "node:fs/promises";
import process from "node:process";
import { parseArgs } from "node:util";
import { checkpoint, group, main } from "../../mod.ts";
import { walk } from "../../io/mod.ts";
import { RemotePool } from "../../remote.ts";
import { project } from "../search/args.ts";
import { Board } from "./board.ts";
import { NatsServerError, withNatsServer } from "./nats_server.ts";
import { ClusterServer } from "./server.ts";
import { queue } from "./settings.ts";
import { Workers } from "./workers.ts";

const usage = `Usage: npm run cluster -- [options] [DIR...]

Searches the folders (default: this project) with several processes, and serves a page that shows them.

  --port PORT      where to serve (default: 8788; 0 for any)
  --workers N      how many workers to start, 1 to 6 (default: 2)
  --pause MS       how long each call waits before it begins, to be watched (default: 150)
  --help           print this`;

/** What was asked for cannot be done. */
class UsageError extends Error {}

function readNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new UsageError(`The ${name} is a whole number from ${least} to ${most}: received ${JSON.stringify(text)}`);
}

function readArguments(words: string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: words,
      allowPositionals: true,
      options: {
        port: { type: "string", default: "8788" },
        workers: { type: "string", default: "2" },
        pause: { type: "string", default: "150" },
        help: { type: "boolean", short: "h" },
      },
    });
    return {
      isHelp: values.help === true,
      folders: positionals.length > 0 ? positionals : [project],
      port: readNumber("port", values.port, 0, 65_535),
      workers: readNumber("number of workers", values.workers, 1, 6),
      pause: readNumber("pause", values.pause, 0, 60_000),
    };
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(`${(error as Error).message}\n\n${usage}`);
  }
}

/** The files below the folders, in an order that is always the same. */
async function filesOf(folders: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const folder of folders) {
    const found = await stat(folder).catch(() => undefined);
    if (!found?.isDirectory()) throw new UsageError(`There is no folder ${folder}`);
    for await (const { kind, path } of walk(folder, { skip: ({ name }) => name === ".git", onError: () => {} })) {
      if (kind === "file" && files.push(path) % 256 === 0) await checkpoint();
    }
  }
  return files.sort();
}

await main(async (g) => {
  try {
    const { isHelp, folders, port, workers: count, pause } = readArguments(process.argv.slice(2));
    if (isHelp) return console.log(usage);
    const files = await filesOf(folders);
    await withNatsServer((servers) =>
      group(async (inner) => {
        const board = new Board();
        const pool = new RemotePool<typeof import("./tasks.ts")>({ ...queue, servers });
        inner.defer(() => pool.close({ timeout: 0 }));
        const workers = new Workers(inner, board, [servers, String(pause)]);
        for (let started = 0; started < count; started++) workers.start();
        const server = await new ClusterServer({ board, workers, pool, folders, files }).open(port);
        console.log(`nats-server is at ${servers}\nThe cluster is at ${server.url}`);
      }, { name: "cluster" })
    );
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    const isUsage = error instanceof UsageError;
    if (!isUsage && !(error instanceof NatsServerError) && code !== "EADDRINUSE" && code !== "EACCES") throw error;
    console.error(message);
    process.exitCode = isUsage ? 2 : 1;
    g.cancel();
  }
});
