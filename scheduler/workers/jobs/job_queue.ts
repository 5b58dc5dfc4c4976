/**
 * The jobs that wait for a worker, by priority, first in, first out.
 *
 * @module
 */

import { EntryList } from "../../queue/entry.ts";
import { loop } from "../../queue/loop.ts";
import type { PoolJob } from "./job.ts";

/** A queue of jobs. The lowest priority goes first once it has waited longer than the run queue's ageing bound. */
export class JobQueue {
  readonly #lists: readonly EntryList[] = [new EntryList(), new EntryList(), new EntryList()];
  size = 0;

  /** The job that is to be sent next. */
  get first(): PoolJob | undefined {
    if (this.size === 0) return undefined;
    const lists = this.#lists;
    let index = lists.length - 1;
    while (lists[index]!.size === 0) index--;
    let best = lists[index]!.first as PoolJob;
    if (lists[index]!.size === this.size) return best;
    const tooOld = loop().host.now() - loop().queue.ageing;
    while (--index >= 0) {
      const job = lists[index]!.first as PoolJob | undefined;
      if (job !== undefined && job.submitted < tooOld && job.submitted < best.submitted) best = job;
    }
    return best;
  }

  /** Puts a job behind those of its priority. */
  push(job: PoolJob): void {
    this.#listOf(job).push(job);
    this.size++;
  }

  /** Puts a job before those of its priority. */
  putFirst(job: PoolJob): void {
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

  remove(job: PoolJob): void {
    if (job.list === undefined) return;
    job.list.remove(job);
    this.size--;
  }

  /** All jobs, in order. */
  all(): PoolJob[] {
    const jobs: PoolJob[] = [];
    for (const list of [...this.#lists].reverse()) {
      for (let job = list.first; job !== undefined; job = job.next) jobs.push(job as PoolJob);
    }
    return jobs;
  }

  #listOf(job: PoolJob): EntryList {
    return this.#lists[job.lane >> 1]!;
  }
}
