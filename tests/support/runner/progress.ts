/**
 * How far the tests of a host are, in lines for who waits for them.
 *
 * @module
 */

import process from "node:process";
import type { FileResult } from "./reports.ts";

/** A host and how far it is. */
export interface Progress {
  /** What the lines call it. */
  readonly host: string;
  readonly results: FileResult[];
  /** When the first of its files was begun. */
  started: number | undefined;
}

/** Says what is new: a file that has failed, or how many of `count` are done. */
export function tell({ host, results }: Progress, count: number): void {
  const last = results.at(-1)!;
  if (process.stdout.isTTY) process.stdout.write("\r\x1b[K");
  if (!last.ok) console.log(`${host}: ${last.file} FAILED\n${last.report}`);
  if (results.length < count && process.stdout.isTTY) {
    process.stdout.write(`${host}: ${results.length} of ${count} files`);
  }
}

/** Says the figures of a host whose files are all done. */
export function tellEnd({ host, results, started }: Progress, version: string): void {
  const count = results.length;
  const seconds = ((performance.now() - started!) / 1000).toFixed(1);
  const failed = results.filter(({ ok }) => !ok).map(({ file }) => file);
  console.log(`${host} (${version}): ${summaryOf(results)}, ${count} ${count === 1 ? "file" : "files"}, ${seconds} s`);
  if (failed.length > 0) console.log(`${host}: FAILED in ${failed.join(", ")}`);
}

/** The counts of several files in words. */
export function summaryOf(results: readonly FileResult[]): string {
  const sum = (key: "passed" | "failed" | "skipped") => results.reduce((sum, { counts }) => sum + counts[key], 0);
  const skipped = sum("skipped");
  return `${sum("passed")} passed, ${sum("failed")} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}
