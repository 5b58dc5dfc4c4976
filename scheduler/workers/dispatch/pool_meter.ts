/**
 * What a pool counts: its jobs, what became of them, and how long they waited and ran.
 *
 * @module
 */

import { Histogram } from "../../../runtime/basics/histogram.ts";
import type { PoolJob } from "../jobs/job.ts";

/** How many jobs are sent behind the one that runs, at least and at most, and how many ms of work they may be. */
export const leastAhead = 2;
const mostAhead = 192;
const workAhead = 1;

/** The numbers of a pool. */
export class PoolMeter {
  /** How long jobs have waited until they were started, the way there and back included, and how long they have run. */
  readonly waits: Histogram = new Histogram();
  readonly runs: Histogram = new Histogram();
  /** How many jobs have settled, and how. */
  completed = 0;
  failed = 0;
  cancelled = 0;
  /** Jobs that have not ended, aborted ones included. */
  live = 0;
  /** Is told whenever nothing of a job is left. */
  onWent: (() => void) | undefined = undefined;
  readonly #liveInLane: number[] = [0, 0, 0, 0, 0, 0];
  /** How long the functions run lately, in ms. */
  #typicalRun = Infinity;

  /** A job has been submitted. */
  came(job: PoolJob): void {
    this.live++;
    this.#liveInLane[job.lane]!++;
  }

  /** Nothing is left of a job. */
  went(job: PoolJob): void {
    this.live--;
    this.#liveInLane[job.lane]!--;
    this.onWent?.();
  }

  /** Are there jobs of a lower priority than this? */
  hasBelow(lane: number): boolean {
    for (let lower = 0; lower < lane; lower++) if (this.#liveInLane[lower]! > 0) return true;
    return false;
  }

  /** A job has run for so many ms, and has come to its end now; answers how long it has waited. */
  ran(job: PoolJob, ms: number, now: number): number {
    job.ran = ms;
    const waited = Math.max(0, now - job.submitted - ms);
    this.runs.add(ms);
    this.waits.add(waited);
    return waited;
  }

  /** A worker has run a job for so many ms. */
  ranInWorker(ms: number): void {
    this.#typicalRun = this.#typicalRun === Infinity ? ms : this.#typicalRun * 0.9 + ms * 0.1;
  }

  /** How many jobs may be sent behind the one that runs. */
  get ahead(): number {
    return Math.min(mostAhead, Math.max(leastAhead, Math.floor(workAhead / this.#typicalRun)));
  }
}
