/** What the terminal shows while the index is being built. */

import process from "node:process";
import { sleep } from "../../mod.ts";
import type { Indexer } from "./indexer.ts";
import type { LoopDelay } from "./loop_delay.ts";

/** Draws a bar ten times a second on a terminal, else prints a line every three seconds, until the index is complete. */
export async function showProgress(indexer: Indexer, delay: LoopDelay): Promise<void> {
  const terminal = process.stderr.isTTY === true;
  while (!indexer.done) {
    await sleep(terminal ? 100 : 3000);
    if (!indexer.done) show(terminal, line(indexer, delay));
  }
  if (terminal) process.stderr.write("\r\x1b[K");
  process.stderr.write(`${summary(indexer, delay)}\n`);
}

/** The figures of a complete index. */
export function summary(indexer: Indexer, delay: LoopDelay): string {
  const { index, bytes, seconds, skipped } = indexer;
  const left = skipped.binary + skipped.large + skipped.unreadable;
  return `${index.files.length} files, ${bytes} bytes (${megabytes(bytes)} MB), ${seconds.toFixed(2)} s ` +
    `(${megabytes(bytes / seconds)} MB/s), ${left} skipped, longest loop stall ${delay.longest.toFixed(1)} ms`;
}

function line(indexer: Indexer, delay: LoopDelay): string {
  const { index, found, bytes, seconds } = indexer;
  const share = found === 0 ? 0 : index.files.length / found;
  const filled = Math.round(share * 20);
  return `[${"#".repeat(filled)}${"-".repeat(20 - filled)}] ${index.files.length} of ${found} files, ` +
    `${megabytes(bytes)} MB, ${megabytes(bytes / seconds)} MB/s, loop delay ${delay.latest.toFixed(1)} ms`;
}

function show(terminal: boolean, text: string): void {
  process.stderr.write(terminal ? `\r${text.slice(0, (process.stderr.columns ?? 80) - 1)}\x1b[K` : `${text}\n`);
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
