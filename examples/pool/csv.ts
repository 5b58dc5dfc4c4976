/**
 * Sums of a column of a CSV file that a worker reads, row by row, never far ahead of who takes them. As users of bare workers and of
 * comlink write it, with a window of their own (13 lines; not counted are the worker's, which has to wait for each `ack`):
 *
 * ```js
 * const thread = new Worker(new URL("./csv_worker.js", import.meta.url), { type: "module" });
 * const sums = new Map();
 * await new Promise((resolve, reject) => {
 *   thread.onerror = reject;
 *   thread.onmessage = ({ data }) => {
 *     if (data.error) return reject(new Error(data.error));
 *     if (data.end) return resolve();
 *     for (const row of data.rows) sums.set(row[key], (sums.get(row[key]) ?? 0) + Number(row[value]));
 *     thread.postMessage({ ack: data.rows.length });
 *   };
 *   thread.postMessage({ file });
 * }).finally(() => thread.terminate());
 * return sums;
 * ```
 */

import { WorkerPool } from "../../mod.ts";

/** The sums of `value` by `key`. */
export async function sumsOf(file: string, key: string, value: string): Promise<Map<string, number>> {
  await using pool = new WorkerPool<typeof import("./tasks.ts")>(new URL("./tasks.ts", import.meta.url), { size: 1 });
  const sums = new Map<string, number>();
  for await (const row of pool.stream("rows", [file])) {
    sums.set(row[key]!, (sums.get(row[key]!) ?? 0) + Number(row[value]));
  }
  return sums;
}
