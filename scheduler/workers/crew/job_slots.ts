/**
 * The jobs that have been posted to a worker and have not ended, and how far each one is.
 *
 * ```
 *   unposted ──add──> sent ──the worker starts it──> started ──it ends──> ended ──the last reply──> gone
 *      ^               │ │                              │                   ^
 *      └───withdraw────┘ └──takeBack──> gone            └─cancel─> cancelled┘
 * ```
 *
 * What is between `sent` and `ended` stands in the job's cell in shared memory, where both threads see it at once. Without
 * shared memory a job counts as started from the moment it is posted.
 *
 * @module
 */

import type { PoolJob } from "../jobs/job.ts";
import { journalBytes } from "../wire/journal.ts";
import { JournalReader } from "../wire/journal_reader.ts";
import { cellBytes, cellCount, cells, type RepliesMessage } from "../wire/protocol.ts";

/** The jobs posted to one worker. A job's number is its place: slots and cells are used again every {@linkcode cellCount}. */
export class JobSlots {
  /** The memory of the cells and the journal, for the worker; `undefined` where the host shares none. */
  readonly shared: SharedArrayBuffer | undefined;
  /** How many jobs have been posted and not ended. */
  count = 0;
  readonly #cells: Int32Array | undefined;
  readonly #journal: JournalReader | undefined;
  /** Each at `id % cellCount`. */
  readonly #jobs: (PoolJob | undefined)[] = new Array(cellCount).fill(undefined);
  #lastId = 0;
  /** All numbers up to this one have left the worker: it looks at their cells no more. */
  #leftId = 0;

  constructor() {
    this.shared = typeof SharedArrayBuffer === "function" ? new SharedArrayBuffer(cellBytes + journalBytes) : undefined;
    this.#cells = this.shared && new Int32Array(this.shared, 0, cellCount);
    this.#journal = this.shared && new JournalReader(this.shared, cellBytes);
  }

  /** Can a job be taken back that has been posted? */
  get canTakeBack(): boolean {
    return this.#cells !== undefined;
  }

  /** May so many more jobs be posted, and each have a cell that nobody looks at any more? */
  hasRoomFor(count: number): boolean {
    return this.#lastId + count - this.#leftId < cellCount - 1;
  }

  /** The job that was posted first: the one that runs, or is about to. */
  get first(): PoolJob | undefined {
    for (let id = this.#leftId + 1; id <= this.#lastId; id++) {
      const job = this.#jobs[id % cellCount];
      if (job !== undefined) return job;
    }
    return undefined;
  }

  /** All of them, oldest first. */
  all(): PoolJob[] {
    const jobs: PoolJob[] = [];
    for (let id = this.#leftId + 1; id <= this.#lastId; id++) {
      const job = this.#jobs[id % cellCount];
      if (job !== undefined) jobs.push(job);
    }
    return jobs;
  }

  /** The job of this number, unless it has gone. */
  get(id: number): PoolJob | undefined {
    const job = this.#jobs[id % cellCount];
    return job !== undefined && job.id === id ? job : undefined;
  }

  /** Gives a job its number: it is about to be posted. */
  add(job: PoolJob): void {
    const id = job.id = ++this.#lastId;
    const cell = id % cellCount;
    if (this.#cells !== undefined) Atomics.store(this.#cells, cell, cells.sent);
    this.#jobs[cell] = job;
    this.count++;
  }

  /** Takes a number back, one of those given last: the job could not be posted. */
  withdraw(job: PoolJob): void {
    this.#jobs[job.id % cellCount] = undefined;
    job.id = 0;
    this.count--;
    this.#lastId--;
  }

  /** Takes a job back that the worker has not started; answers whether it could. */
  takeBack(job: PoolJob): boolean {
    if (this.#cells === undefined) return false;
    const cell = job.id % cellCount;
    if (Atomics.compareExchange(this.#cells, cell, cells.sent, cells.takenBack) !== cells.sent) return false;
    this.remove(job);
    return true;
  }

  /** Lets the code of a job that has started see at once that it is to stop. */
  cancel(job: PoolJob): void {
    if (this.#cells === undefined) return;
    Atomics.compareExchange(this.#cells, job.id % cellCount, cells.started, cells.cancelled);
  }

  /** Has a job ended whose last reply is on its way? */
  hasEnded(job: PoolJob): boolean {
    return this.#cells !== undefined && Atomics.load(this.#cells, job.id % cellCount) === cells.ended;
  }

  /** Is the last reply of a job on its way? A thread that is ended now might take it along. */
  get isReplyOnItsWay(): boolean {
    const ended = this.all().filter((job) => this.hasEnded(job));
    if (ended.length === 0) return false;
    const waiting = this.#journal!.ids();
    return ended.some(({ id }) => !waiting.includes(id));
  }

  /** The results that a worker which has ended had not sent yet. */
  unsent(token: number): RepliesMessage {
    return this.#journal?.asReplies(token, this.#leftId) ?? [token, this.#leftId];
  }

  /** A job is no longer with the worker. */
  remove(job: PoolJob): void {
    this.#jobs[job.id % cellCount] = undefined;
    this.count--;
    job.id = 0;
    job.worker = undefined;
  }

  /** The worker is through with all jobs up to this number: their cells are free. */
  leftUpTo(id: number): void {
    this.#leftId = id;
  }
}
