/** What the terminal shows while the index is being built. */

import process from "node:process";
import { sleep } from "../../mod.ts";
import type { Indexer } from "./indexer.ts";
import type { LoopDelay } from "./loop_delay.ts";

/** How often the bar is drawn on a terminal, and how often a line is printed elsewhere, in ms. */
const drawInterval = 100, printInterval = 3000;
const eraseLine = "\r\x1b[K";

/** Draws a bar on a terminal, else prints a line every few seconds, until it is cancelled. */
export async function showProgress(indexer: Indexer, delay: LoopDelay): Promise<never> {
  const { stderr } = process;
  const terminal = stderr.isTTY === true;
  try {
    for (;;) {
      if (terminal) stderr.write(eraseLine + bar(indexer, delay, stderr.columns ?? 80));
      await sleep(terminal ? drawInterval : printInterval);
      if (!terminal) stderr.write(figures(indexer, delay) + "\n");
    }
  } finally {
    if (terminal) stderr.write(eraseLine);
  }
}

/** A bar as wide as the figures leave room for, so that the line never breaks. */
function bar(indexer: Indexer, delay: LoopDelay, columns: number): string {
  const text = figures(indexer, delay);
  const width = Math.min(40, columns - text.length - 2);
  if (width < 5) return text.slice(0, columns - 1);
  const filled = Math.round(width * indexer.finished / Math.max(1, indexer.found));
  return "█".repeat(filled) + "░".repeat(width - filled) + " " + text;
}

function figures({ finished, found, bytes, seconds }: Indexer, delay: LoopDelay): string {
  return `${finished} of ${found} files, ${megabytes(bytes)} MB, ${megabytes(bytes / seconds)} MB/s, ` +
    `loop delay ${delay.latest.toFixed(1)} ms`;
}

/** The figures of a complete index. */
export function summary({ index, bytes, seconds, skipped }: Indexer, delay: LoopDelay): string {
  const { binary, large, unreadable, folders } = skipped;
  const reasons = [[binary, "binary"], [large, "large"], [unreadable, "unreadable"], [folders, "unreadable folders"]]
    .filter(([count]) => count !== 0).map(([count, reason]) => `${count} ${reason}`);
  return `${index.files.length} files, ${bytes} bytes, ${seconds.toFixed(2)} s (${megabytes(bytes / seconds)} MB/s), ` +
    `skipped: ${reasons.join(", ") || "none"}, ` +
    `longest loop stall ${delay.longest.toFixed(1)} ms (p99 ${delay.percentile(99).toFixed(1)} ms)`;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
