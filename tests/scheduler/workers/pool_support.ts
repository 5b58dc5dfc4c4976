/** What the tests of the pool share. */

import { WorkerPool, type WorkerPoolOptions } from "../../../mod.ts";
import { thisHost } from "../../support/this_host.ts";
import { withinTest } from "../../support/within.ts";

/** Does the host tell of the end of a thread, with its exit code? Deno and pages do not. */
export const tellsExit: boolean = !["deno", "browser"].includes(thisHost());

/** Can the host stop a thread that spins? Deno's `terminate` leaves it at work. */
export const stopsLoops: boolean = thisHost() !== "deno";

export { countListeners } from "../../support/shared_signal.ts";

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
