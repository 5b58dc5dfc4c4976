/**
 * What observers are told of the calls of a pool in the thread that runs them.
 *
 * @module
 */

import { lazyChannel } from "../../../runtime/system/diagnostics.ts";
import type { Job } from "./current_job.ts";

/**
 * A call as those see it who subscribe to the channels `millrace.worker.start` and `millrace.worker.end` of
 * `node:diagnostics_channel` in the worker's thread. The first is told before the function is called; a store that is bound to that channel
 * (`bindStore`) is the function's.
 */
export interface WorkerCallTrace {
  /** The call: the same object in both messages. It has the `traceparent` that the caller's side gave it. */
  readonly job: Job;
  /** In the second message: what the function threw. */
  readonly error: unknown;
}

const started = lazyChannel("worker.start");
const ended = lazyChannel("worker.end");

/** Calls the function of a job, and tells so before. */
export function callTold<T>(job: Job, call: () => T): T {
  return started().hasSubscribers
    ? started().runStores({ job, error: undefined } satisfies WorkerCallTrace, call, undefined)
    : call();
}

/** A job has ended. */
export function tellReturned(job: Job, error: unknown): void {
  if (ended().hasSubscribers) ended().publish({ job, error } satisfies WorkerCallTrace);
}
