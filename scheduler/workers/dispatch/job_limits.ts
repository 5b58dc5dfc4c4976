/**
 * What stops a job from outside: limits of its time, and signals.
 *
 * ```
 *   submit ──queueTimeout──> start ──runTimeout──> end
 *      └────────────timeout, signal────────────────┘
 *   abort ──> its worker is late ──teardownTimeout──> its worker is stopped
 * ```
 *
 * Each is taken back when the job has gone; `runTimeout` also when the job is taken back from its worker.
 *
 * @module
 */

import { loop } from "../../queue/loop.ts";
import { TimeoutError } from "../../scopes/errors.ts";
import { onAbort } from "../../scopes/foreign_signal.ts";
import type { JobWorker, PoolJob } from "../jobs/job.ts";

/** What of a call's options is about its end. */
export interface LimitOptions {
  readonly signal?: AbortSignal;
  readonly timeout?: number;
  readonly queueTimeout?: number;
}

/** Stops a job: its caller is told; a limit of time fails it. */
export type Abort = (job: PoolJob, reason: unknown, as?: "cancelled" | "failed") => void;

/** How long a job that was told to stop has in any case, in ms, before its worker is taken for late: most end at once. */
const patience = 10;

/** What a job is called in errors. */
export function describeJob(pool: string, job: PoolJob): string {
  return `${pool}.${job.settings.label}()`;
}

/** The limits of the jobs of one pool. */
export class JobLimits {
  readonly #pool: string;
  readonly #abort: Abort;

  /** `pool` is its name in errors. */
  constructor(pool: string, abort: Abort) {
    this.#pool = pool;
    this.#abort = abort;
  }

  /** Holds a job to its limits, from its submission on. */
  watch(job: PoolJob, { signal, timeout, queueTimeout }: LimitOptions): void {
    if (signal !== undefined) job.whenGone(onAbort(signal, (reason) => this.#abort(job, reason)));
    if (timeout !== undefined && timeout !== Infinity) this.#limit(job, timeout);
    if (queueTimeout !== undefined && queueTimeout !== Infinity) this.#limitWait(job, queueTimeout);
    job.settings.signals?.forEach((argument, index) => this.#follow(job, argument, index));
  }

  /** A job has been sent to a worker that starts it as it arrives: its clock runs. */
  startClock(job: PoolJob): void {
    const { runTimeout } = job.settings;
    if (runTimeout !== Infinity) job.stopClock = this.#limit(job, runTimeout);
  }

  /** A job that was told to stop has so many ms to end, the last `lead` of which its worker is late; then that is stopped. */
  giveGrace(job: PoolJob, worker: JobWorker, ms: number, lead: number): void {
    const early = ms === Infinity || lead === 0 ? ms : Math.min(ms, Math.max(patience, ms - lead));
    let timer = loop().timers.setTimer(
      () => {
        if (early === ms) return worker.stop(job);
        timer = loop().timers.setTimer(() => worker.stop(job), ms - early, { real: true });
        worker.late(job);
      },
      early,
      { real: true },
    );
    job.whenGone(() => timer.cancel());
  }

  #limit(job: PoolJob, ms: number): () => void {
    const timer = loop().timers.setTimer(() => {
      this.#abort(job, new TimeoutError(describeJob(this.#pool, job), ms), "failed");
    }, ms);
    const stop = (): void => timer.cancel();
    job.whenGone(stop);
    return stop;
  }

  /** Gives a job up that has not been started in time; one that has is let be. */
  #limitWait(job: PoolJob, ms: number): void {
    const timer = loop().timers.setTimer(() => {
      if (job.worker !== undefined && !job.worker.takeBack(job)) return;
      this.#abort(job, new TimeoutError(`The start of ${describeJob(this.#pool, job)}`, ms), "failed");
    }, ms);
    job.whenGone(() => timer.cancel());
  }

  /** Lets a signal among the arguments arrive live. */
  #follow(job: PoolJob, signal: AbortSignal, index: number): void {
    const position = job.settings.extra!.signals![index]!;
    if (signal.aborted) return;
    job.whenGone(onAbort(signal, (reason) => job.worker?.abortArgument(job, position, reason)));
  }
}
