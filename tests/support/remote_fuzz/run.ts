/**
 * The long form of the fuzzed wire: `tsx tests/support/remote_fuzz/run.ts [messages] [seed]`.
 *
 * @module
 */

import process from "node:process";
import { readHostile } from "./readers.ts";

const [messages = 100_000, seed = 1] = process.argv.slice(2).map(Number);
const before = process.memoryUsage().rss;
const from = performance.now();
console.log(readHostile(messages, seed));
const grown = (process.memoryUsage().rss - before) / 2 ** 20;
console.log(
  `${messages} messages in ${Math.round(performance.now() - from)} ms; the process has grown by ${
    Math.round(grown)
  } MiB`,
);
