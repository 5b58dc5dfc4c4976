/**
 * The threads of a server: which of its jobs they have, and which wait for one.
 *
 * @module
 */

import { loop } from "../../../scheduler/queue/loop.ts";
import type { Priority } from "../../../scheduler/queue/priority.ts";
import { within } from "../../../scheduler/scopes/current_scope.ts";
import { reportUnhandled } from "../../../scheduler/scopes/unhandled.ts";
import { insideOf, type PoolInside } from "../../../scheduler/workers/pool/for_machines.ts";
import type { HeldJob } from "./held_job.ts";
import type { ServerParts } from "./server_parts.ts";
import { WorkAhead } from "./work_ahead.ts";

/** What a job rejects with that was taken back from the threads before it was started. */
export const unstarted: unique symbol = Symbol("it has not been started");

/** The threads. */
export class JobThreads {
  readonly #size: number;
  readonly #run: (job: HeldJob) => Promise<void>;
  readonly #onFree: () => void;
  readonly #pool: PoolInside;
  readonly #ahead: WorkAhead;
  readonly #waiting: WaitingJobs = new WaitingJobs();
  #running = 0;

  constructor({ pool, size, attempts, onFree }: ServerParts, run: (job: HeldJob) => Promise<void>) {
    this.#size = size;
    this.#run = run;
    this.#onFree = onFree;
    this.#pool = insideOf(pool);
    this.#ahead = new WorkAhead(this.#pool, {
      size,
      attempts,
      isAhead: () => this.#running > size,
      onStuck: () => this.takeBackUnstarted(),
    });
    const { meter } = this.#pool;
    // A function that was told to stop has its thread until it does, or the pool has replaced that: then nobody waits for its call.
    meter.onWent = () => {
      if (meter.live >= this.#running) queueMicrotask(() => this.#next());
    };
  }

  /** How many jobs the threads have. */
  get running(): number {
    return this.#running;
  }

  /** How many more jobs there is room for where so many are held. */
  room(held: number): number {
    return this.#size + this.#ahead.count - Math.max(held, this.#pool.meter.live);
  }

  /** A job that is to be run. */
  add(job: HeldJob): void {
    if (this.#waiting.size === 0 && this.#mayStart(job)) return this.#start(job);
    this.#waiting.add(job);
    this.#startNext();
  }

  /** A job that was taken back is to be run after all. */
  addAgain(job: HeldJob): void {
    job.isRunning = false;
    this.#waiting.add(job);
  }

  /** A job that is not to be started any more. */
  delete(job: HeldJob): void {
    this.#waiting.delete(job);
  }

  /** Takes back what waits behind others: it rejects with {@linkcode unstarted}. */
  takeBackUnstarted(): void {
    this.#pool.abortQueued(unstarted);
  }

  #mayStart(job: HeldJob): boolean {
    const used = Math.max(this.#running, this.#pool.meter.live);
    return used < (job.mayQueue ? this.#size + this.#ahead.count : this.#size);
  }

  #startNext(): void {
    for (let job = this.#waiting.next; job !== undefined && this.#mayStart(job); job = this.#waiting.next) {
      this.#waiting.delete(job);
      this.#start(job);
    }
  }

  #start(job: HeldJob): void {
    job.isRunning = true;
    this.#running++;
    if (this.#running > this.#size) this.#ahead.watch();
    // Whoever calls has nothing to do with the scopes of this program.
    within(undefined, this.#enter, job);
  }

  readonly #enter = (job: HeldJob): void => void this.#runAndLeave(job).catch(reportUnhandled);

  async #runAndLeave(job: HeldJob): Promise<void> {
    try {
      await this.#run(job);
    } finally {
      this.#running--;
      this.#next();
    }
  }

  /** A thread is free, or will be soon. */
  #next(): void {
    this.#startNext();
    this.#onFree();
  }
}

/** Those that wait for a thread. */
class WaitingJobs {
  /** By urgency, the most urgent first; each in the order in which they came. */
  readonly #lists: Readonly<Record<Priority, Set<HeldJob>>> = {
    "user-blocking": new Set(),
    "user-visible": new Set(),
    background: new Set(),
  };

  size = 0;

  add(job: HeldJob): void {
    this.#lists[job.priority].add(job);
    this.size++;
  }

  delete(job: HeldJob): void {
    if (this.size > 0 && this.#lists[job.priority].delete(job)) this.size--;
  }

  /** The one that is to be started next: the most urgent, unless another one has waited longer than the run queue lets wait. */
  get next(): HeldJob | undefined {
    if (this.size === 0) return undefined;
    const tooOld = loop().timers.now() - loop().queue.ageing;
    let best: HeldJob | undefined;
    let oldest: HeldJob | undefined;
    for (const priority in this.#lists) {
      for (const job of this.#lists[priority as Priority]) {
        best ??= job;
        if (job.came < tooOld && (oldest === undefined || job.came < oldest.came)) oldest = job;
        break;
      }
    }
    return oldest ?? best;
  }
}
