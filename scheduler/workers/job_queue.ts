/**
 * The jobs that wait for a worker, by priority, first in, first out.
 *
 * @module
 */

import { loop } from "../loop.ts";
import { EntryList } from "../run_queue.ts";
import type { Job } from "./job.ts";

/** A queue of jobs. The lowest priority goes first once it has waited longer than the run queue's ageing bound. */
export class JobQueue {
  readonly #lists: readonly EntryList[] = [new EntryList(), new EntryList(), new EntryList()];
  size = 0;

  /** The job that is to be sent next. */
  get first(): Job | undefined {
    if (this.size === 0) return undefined;
    let best: Job | undefined;
    let oldest = loop().host.now() - loop().queue.ageing;
    let aged: Job | undefined;
    for (let index = this.#lists.length - 1; index >= 0; index--) {
      const job = this.#lists[index]!.first as Job | undefined;
      if (job === undefined) continue;
      if (best === undefined) {
        best = job;
        if (this.#lists[index]!.size === this.size) return job;
      } else if (job.submitted < oldest && job.submitted < best.submitted) {
        oldest = job.submitted;
        aged = job;
      }
    }
    return aged ?? best;
  }

  /** Puts a job behind those of its priority. */
  push(job: Job): void {
    this.#listOf(job).push(job);
    this.size++;
  }

  /** Puts a job before those of its priority. */
  putFirst(job: Job): void {
    const list = this.#listOf(job);
    const { first } = list;
    if (first === undefined) {
      list.push(job);
    } else {
      job.list = list;
      job.next = first;
      list.first = first.previous = job;
      list.size++;
    }
    this.size++;
  }

  remove(job: Job): void {
    if (job.list === undefined) return;
    job.list.remove(job);
    this.size--;
  }

  /** Takes all jobs out, in order. */
  removeAll(): Job[] {
    const jobs: Job[] = [];
    for (const list of [...this.#lists].reverse()) {
      for (let job = list.first; job !== undefined; job = list.first) {
        list.remove(job);
        jobs.push(job as Job);
      }
    }
    this.size = 0;
    return jobs;
  }

  #listOf(job: Job): EntryList {
    return this.#lists[job.lane >> 1]!;
  }
}
