/**
 * The entry point for worker modules: what a function that runs in a `WorkerPool` may ask and say, and `serveJobs` for workers that the
 * program starts itself.
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

export { currentJob, type Job, onClose, workerData } from "./scheduler/workers/thread/current_job.ts";
export type { WorkerCallTrace } from "./scheduler/workers/thread/worker_trace.ts";
export { serveJobs } from "./scheduler/workers/thread/serve_jobs.ts";
export { transfer } from "./scheduler/workers/wire/markers.ts";
