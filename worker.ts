/**
 * The small door for worker modules: what a function that runs in a `WorkerPool` may ask and say.
 *
 * @example
 * ```ts no-run
 * import { currentJob } from "@millrace/millrace/worker";
 *
 * export function work(): number {
 *   return currentJob().cancelled ? 0 : 1;
 * }
 * ```
 *
 * @module
 */

export { currentJob, type Job, workerData } from "./scheduler/workers/thread/current_job.ts";
export { transfer } from "./scheduler/workers/wire/markers.ts";
