/**
 * How a job is to be run by the threads of its server.
 *
 * @module
 */

import type { RunOptions } from "../../../scheduler/workers/mod.ts";
import type { HeldJob } from "./held_job.ts";

/** What is sent along with the call of a job. */
export function extraOf({ body: { id: key, path, traceparent }, attempt }: HeldJob): {
  key: string;
  attempt: number;
  path?: string;
  traceparent?: string;
} {
  return {
    key,
    attempt,
    ...(path !== undefined && { path }),
    ...(traceparent !== undefined && { traceparent }),
  };
}

/** The options of the call; `onProgress` is told what its function tells. */
export function callOptions(job: HeldJob, onProgress: (value: unknown) => void): RunOptions {
  const { body, controller, priority } = job;
  return {
    signal: controller.signal,
    priority,
    ...(body.label !== undefined && { name: body.label }),
    ...(job.endBy !== Infinity && { timeout: job.left }),
    ...(body.runTimeout !== undefined && { runTimeout: body.runTimeout }),
    ...(body.progress && { onProgress: (value) => job.isOver || onProgress(value) }),
  };
}
