/**
 * A job, run by the threads of its server.
 *
 * @module
 */

import type { RunOptions, WorkerPool } from "../../../scheduler/workers/mod.ts";
import { callFor, insideOf, PoolJob, settingsOf } from "../../../scheduler/workers/pool/for_machines.ts";
import type { Answers } from "./answers.ts";
import type { HeldJob } from "./held_job.ts";
import { sendStream } from "./send_stream.ts";

/** Runs a job; says what it tells on the way, and gives its result. */
export function runJob(job: HeldJob, pool: WorkerPool, answers: Answers): Promise<unknown> {
  const { name, args, credit, id: key, path, traceparent } = job.body;
  const extra = {
    key,
    attempt: job.attempt,
    ...(path !== undefined && { path }),
    ...(traceparent !== undefined && { traceparent }),
  };
  const options = optionsOf(job, (value) => void answers.say(job, "progress", value, job.told++));
  if (credit === undefined) {
    return run(
      job,
      pool,
      callFor(extra, () => new PoolJob(settingsOf(name, args, options))),
      options,
    );
  }
  const controller = new AbortController();
  job.stop = (reason) => controller.abort(reason);
  const streamed = { ...options, signal: controller.signal, highWaterMark: credit };
  return sendStream(job, callFor(extra, () => pool.stream(name, args, streamed)), answers);
}

/** What `pool.run` does for a call that is in no scope: a signal, its listener and a wait for each would be a tenth of its costs. */
function run(job: HeldJob, pool: WorkerPool, call: PoolJob, options: RunOptions): Promise<unknown> {
  const inside = insideOf(pool);
  return new Promise((resolve, reject) => {
    if (inside.refusal !== undefined) return reject(inside.refusal);
    call.receiver = { resolve, reject, fail: reject };
    job.stop = (reason) => call.abort(reason);
    inside.submit(call, undefined, options);
  });
}

function optionsOf(job: HeldJob, onProgress: (value: unknown) => void): RunOptions {
  const { body, priority } = job;
  return {
    priority,
    ...(body.label !== undefined && { name: body.label }),
    ...(job.endBy !== Infinity && { timeout: job.left }),
    ...(body.runTimeout !== undefined && { runTimeout: body.runTimeout }),
    ...(body.progress && { onProgress: (value) => job.isOver || onProgress(value) }),
  };
}
