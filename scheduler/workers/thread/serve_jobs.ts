/**
 * The calls of a pool served by a thread that the program has started itself.
 *
 * @module
 */

import { show } from "../../../runtime/basics/check.ts";
import { parentIfThread } from "../../../runtime/hosts/common/parent.ts";
import { claimThread } from "./current_job.ts";
import { WorkerSide } from "./worker_side.ts";

/**
 * Serves the calls of a `WorkerPool` in a worker that the program starts itself: in the form that its bundler knows, which then makes
 * a file of the worker. Call it once, at the top of the module that is the worker's entry.
 *
 * It does nothing outside of a worker, so that a module that serves its own functions can be imported anywhere, and nothing in a worker
 * that a pool started from the URL of the module. Other than there, `workerData()` is not known before the first call.
 *
 * @param functions What can be called: a module, or an object of functions.
 * @throws {TypeError} if that is no object.
 * @throws {Error} when it is called a second time in one worker.
 *
 * @example The worker's entry, and the pool
 * ```ts no-run
 * // worker.ts
 * import { serveJobs } from "@millrace/millrace/worker";
 * import * as tasks from "./tasks.ts";
 *
 * serveJobs(tasks);
 *
 * // main.ts
 * import { WorkerPool } from "@millrace/millrace";
 *
 * const pool = new WorkerPool<typeof import("./tasks.ts")>(
 *   () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }),
 * );
 * ```
 */
export function serveJobs(functions: object): void {
  if ((typeof functions !== "object" && typeof functions !== "function") || functions === null) {
    throw new TypeError(`serveJobs takes a module or an object of functions: received ${show(functions)}`);
  }
  const parent = parentIfThread();
  if (parent === undefined) return;
  const server = claimThread("program");
  if (server === "program") throw new Error("serveJobs was called twice in one worker: give it all functions at once");
  if (server === "pool") return;
  new WorkerSide(parent, functions as Record<string, unknown>);
  parent.announce?.();
}
