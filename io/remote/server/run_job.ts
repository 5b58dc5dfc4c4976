/**
 * A job, run by the threads of its server.
 *
 * @module
 */

import type { RunOptions, WorkerPool } from "../../../scheduler/workers/mod.ts";
import { callFor } from "../../../scheduler/workers/pool/for_machines.ts";
import type { Answers } from "./answers.ts";
import type { HeldJob } from "./held_job.ts";
import { sendStream } from "./send_stream.ts";

/** Runs a job; says what it tells on the way, and gives its result. */
export async function runJob(job: HeldJob, pool: WorkerPool, answers: Answers): Promise<unknown> {
  const { name, args, credit, id: key, path, traceparent } = job.body;
  const extra = {
    key,
    attempt: job.attempt,
    ...(path !== undefined && { path }),
    ...(traceparent !== undefined && { traceparent }),
  };
  const options = optionsOf(job, (value) => void answers.say(job, "progress", value, job.told++));
  if (credit === undefined) return await callFor(extra, () => pool.run(name, args, options));
  const values = callFor(extra, () => pool.stream(name, args, { ...options, highWaterMark: credit }));
  return await sendStream(job, values, answers);
}

function optionsOf(job: HeldJob, onProgress: (value: unknown) => void): RunOptions {
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
