/** What the tests of the pool share. */

import { WorkerPool, type WorkerPoolOptions } from "../../../mod.ts";
import { withinTest } from "../../support/within.ts";

export type Tasks = typeof import("./tasks.ts");
export type Pool = WorkerPool<Tasks>;

export const module: URL = new URL("./tasks.ts", import.meta.url);

/** Runs `body` with a pool that is closed afterwards. */
export async function withPool<T>(
  options: WorkerPoolOptions,
  body: (pool: Pool) => Promise<T>,
): Promise<T> {
  const pool: Pool = new WorkerPool<Tasks>(module, options);
  try {
    return await withinTest(body(pool));
  } finally {
    await pool.close({ timeout: 0 });
  }
}

/** Numbers that threads share. */
export function flagsOf(count = 8): Int32Array {
  return new Int32Array(new SharedArrayBuffer(count * 4));
}

/** How many listeners a signal has, counted where they are added and taken away. */
export function countListeners(signal: AbortSignal): () => number {
  const listeners = new Set<unknown>();
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = function (this: AbortSignal, type: string, listener: never, options?: never) {
    listeners.add(listener);
    addEventListener.call(signal, type, listener, options);
  } as typeof signal.addEventListener;
  signal.removeEventListener = function (this: AbortSignal, type: string, listener: never, options?: never) {
    listeners.delete(listener);
    removeEventListener.call(signal, type, listener, options);
  } as typeof signal.removeEventListener;
  return () => listeners.size;
}
