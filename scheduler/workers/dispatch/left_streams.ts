/**
 * Streams that were opened and left: nobody reads them to their end, and a pool that closes would wait for them for ever.
 *
 * @module
 */

import { loop } from "../../queue/loop.ts";
import type { PoolJob } from "../jobs/job.ts";

/** For how long nobody may have read a stream, in ms, until it is taken for left. */
const leftAfter = 1000;

/** Looks again and again for streams that nobody has read since the last look, nor waits for, and gives them to `end`; returns what stops that. */
export function endLeftStreams(jobs: () => Iterable<PoolJob>, end: (job: PoolJob) => void): () => void {
  let timer: { cancel(): void };
  let before = new Map<PoolJob, number>();

  function look(): void {
    const reads = new Map<PoolJob, number>();
    const left: PoolJob[] = [];
    for (const job of jobs()) {
      if (!job.unattended) continue;
      if (before.get(job) === job.readers!.reads) left.push(job);
      else reads.set(job, job.readers!.reads);
    }
    before = reads;
    again();
    left.forEach(end);
  }
  function again(): void {
    timer = loop().timers.setTimer(look, leftAfter, { real: true });
  }
  look();
  return () => timer.cancel();
}
