/**
 * The worker's side of a pool: loads the user's module and runs one call of it at a time, in the order in which they came.
 *
 * Replies wait for one another while further jobs run, but only while these are known to be short: a message costs more
 * than a short job, and nobody's result is to wait for somebody else's long one.
 *
 * @module
 */

import type { HostParent } from "../../../runtime/port/worker.ts";
import { unclonable } from "../wire/clonable.ts";
import { decodeError, type EncodedError, encodeError } from "../wire/error_codec.ts";
import { Journal, mostGathered } from "../wire/journal.ts";
import { putTogether } from "../wire/parts.ts";
import { isPlain } from "../wire/plain_values.ts";
import {
  cellBytes,
  cellCount,
  cells,
  type Hello,
  isLast,
  type JobMessage,
  type JobsMessage,
  type PoolMessage,
  readJobs,
  replies,
  type RepliesMessage,
  repliesStart,
  type ReplyKind,
  replyWidth,
  type WorkerMessage,
} from "../wire/protocol.ts";
import { setCurrentJob, setWorkerData, takeClosers } from "./current_job.ts";
import { RunningJob } from "./running_job.ts";

/** A job that has never run longer than this, in ms, is short; replies wait for one another no longer than this. */
const short = 0.2;

/** For how long, in ms, further messages are taken within one turn of the thread's loop. */
const longestTurn = 2;

/** One worker: it listens to its parent from the beginning. */
export class WorkerSide {
  readonly #parent: HostParent;
  #cells: Int32Array | undefined = undefined;
  #journal: Journal | undefined = undefined;
  /** That of the pool; none is negative. */
  #token = -1;
  #maxMemory = Infinity;
  /** The thread has grown too large: the pool takes back what it has not started. */
  #spent = false;
  /** The names of functions, by their number. */
  #names: readonly string[] = [];
  #module: Record<string, unknown> | undefined = undefined;
  #jobs: JobMessage[] = [];
  #next = 0;
  #running: RunningJob | undefined = undefined;
  /** Do jobs run, or are they about to? */
  #atWork = false;
  /** Cancellations of jobs that have come but not started. */
  #early: NonNullable<PoolMessage["cancel"]> = [];
  /** For each function the longest time it has run lately, in ms. */
  readonly #longest: Map<string, number> = new Map();
  #replies: RepliesMessage = [0, 0];
  /** Can the replies travel as text? */
  #plain = false;
  #transfer: Transferable[] = [];
  /** When the oldest of the replies that wait came, and when the job that runs now was started. */
  #oldestReply = 0;
  #started = 0;
  /** When the message came whose jobs are run. */
  #turnBegan = 0;
  /** The job that left last, and the last one the pool knows to have left. */
  #left = 0;
  #told = 0;

  /** Listens to the parent; to run are the functions that are given, else those of the module that the pool names. */
  constructor(parent: HostParent, functions?: Record<string, unknown>) {
    this.#parent = parent;
    this.#module = functions;
    parent.listen((message) => this.#hear(message));
  }

  /** The thread has ended, where the host cannot end it: what runs is cancelled, and nothing else starts. */
  end(): void {
    this.#running?.cancel();
    this.#spent = true;
  }

  #hear(message: unknown): void {
    if (this.#token < 0) this.#greet(message);
    else if (typeof message === "string") this.#takeJobs(JSON.parse(message));
    else if (Array.isArray(message)) this.#takeJobs(message);
    else this.#take(message as PoolMessage);
  }

  /** What comes before the pool's greeting, in a thread that the program started, is none of ours. */
  #greet(message: unknown): void {
    if (typeof message === "object" && message !== null && "token" in message) void this.#load(message as Hello);
  }

  async #load(hello: Hello): Promise<void> {
    this.#token = hello.token;
    this.#replies = [this.#token, 0];
    setWorkerData(putTogether(hello.workerData)[0]);
    this.#maxMemory = hello.maxMemory;
    if (hello.shared !== undefined) {
      this.#cells = new Int32Array(hello.shared, 0, cellCount);
      this.#journal = new Journal(hello.shared, cellBytes);
    }
    try {
      this.#module ??= await (this.#parent.load?.(hello.module!) ??
        import(/* webpackIgnore: true */ /* @vite-ignore */ hello.module!));
    } catch (error) {
      this.#parent.post({ token: this.#token, broken: encodeError(error) } satisfies WorkerMessage, []);
      return;
    }
    this.#parent.post({ token: this.#token, ready: true } satisfies WorkerMessage, []);
  }

  /** Lets the module clean up, and says that the thread can be ended. */
  async #close(): Promise<void> {
    const errors: EncodedError[] = [];
    // One of them may register another.
    for (let closers = takeClosers(); closers.length > 0; closers = takeClosers()) {
      for (const closer of closers) {
        try {
          await closer();
        } catch (error) {
          errors.push(encodeError(error));
        }
      }
    }
    try {
      this.#parent.tellEnd?.();
    } catch (error) {
      errors.push(encodeError(error));
    }
    this.#parent.post({ token: this.#token, closed: errors } satisfies WorkerMessage, []);
  }

  #take(message: PoolMessage): void {
    if (message.close) return void this.#close();
    if (message.names !== undefined) this.#names = this.#names.concat(message.names);
    for (const cancel of message.cancel ?? []) {
      if (this.#running?.id === cancel.id) this.#running.cancel(decodeError(cancel.reason), cancel.argument);
      else if (cancel.id > this.#left) this.#early.push(cancel);
    }
    for (const [id, count] of message.credit ?? []) if (this.#running?.id === id) this.#running.addCredit(count);
    for (const answer of message.answers ?? []) if (this.#running?.id === answer.id) this.#running.answered(answer);
  }

  #takeJobs(message: JobsMessage): void {
    if (this.#spent) return;
    const jobs = readJobs(message, this.#names);
    if (this.#next < this.#jobs.length) {
      for (const job of jobs) this.#jobs.push(job);
    } else {
      this.#jobs = jobs;
      this.#next = 0;
    }
    if (!this.#atWork) void this.#runAll();
  }

  async #runAll(): Promise<void> {
    this.#atWork = true;
    this.#started = this.#turnBegan = this.#parent.now();
    while (!this.#spent && (this.#next < this.#jobs.length || this.#hearMore())) {
      const job = this.#jobs[this.#next++]!;
      const cell = job.id % cellCount;
      // Taken back while it waited: somebody else runs it, or nobody.
      if (this.#cells && Atomics.compareExchange(this.#cells, cell, cells.sent, cells.started) !== cells.sent) {
        this.#left = job.id;
        continue;
      }
      if (this.#replies.length > repliesStart && !((this.#longest.get(job.name) ?? Infinity) <= short)) this.#flush();
      const running = this.#running = new RunningJob(job, this.#cells, this.#reply);
      setCurrentJob(running);
      if (this.#early.length > 0) this.#cancelEarly(running);
      const pending = running.start(this.#module!);
      // A synchronous function has ended: no microtask for it.
      if (pending !== undefined) {
        this.#flush();
        await pending;
      }
      setCurrentJob(undefined);
      this.#running = undefined;
      this.#ran(job, pending !== undefined);
    }
    this.#jobs = [];
    this.#next = 0;
    this.#atWork = false;
    this.#flush();
    if (this.#maxMemory !== Infinity) this.#parent.whenCollected?.(() => this.#tellIfTooLarge());
  }

  /**
   * Takes the jobs that have come meanwhile, so that the replies of both messages go together: many calls in flight would
   * otherwise go round in ever smaller lots. A single job is answered at once, and the thread's own loop gets its turns.
   */
  #hearMore(): boolean {
    if (this.#replies.length <= repliesStart + replyWidth || this.#started - this.#turnBegan > longestTurn) {
      return false;
    }
    for (let message = this.#parent.poll?.(); message !== undefined; message = this.#parent.poll!()) {
      this.#hear(message);
    }
    return this.#next < this.#jobs.length;
  }

  /** Tells the pool if the thread has grown too large; answers whether it has. */
  #tellIfTooLarge(): boolean {
    if (this.#parent.memory() <= this.#maxMemory) return false;
    this.#parent.post({ token: this.#token, spent: true } satisfies WorkerMessage, []);
    return true;
  }

  #cancelEarly(running: RunningJob): void {
    for (const { id, reason, argument } of this.#early) {
      if (id === running.id) running.cancel(decodeError(reason), argument);
    }
    this.#early = this.#early.filter(({ id }) => id > running.id);
  }

  /** A job has come to its end, and its last reply is the last of the list. */
  #ran(job: JobMessage, asynchronous: boolean): void {
    // Told before the job's end is: the pool then sends nothing that it could not take back.
    if (this.#maxMemory !== Infinity) this.#spent = this.#tellIfTooLarge();
    this.#left = job.id;
    const now = this.#parent.now();
    const ran = now - this.#started;
    this.#started = now;
    this.#longest.set(job.name, Math.max(ran, (this.#longest.get(job.name) ?? 0) * 0.9));
    const last = this.#replies.length - replyWidth;
    const isThere = last >= repliesStart;
    if (isThere) this.#replies[last + 3] = asynchronous ? -Math.ceil(ran * 1000) : Math.round(ran * 1000);
    if (last === repliesStart) this.#oldestReply = now;
    const gathers = isThere && now - this.#oldestReply <= short && this.#noteDown(last);
    if (this.#cells !== undefined) Atomics.store(this.#cells, job.id % cellCount, cells.ended);
    if (isThere && !gathers) this.#flush();
  }

  /**
   * Lets a reply wait for others, if it would be found should the next job end the thread. What is no primitive might be changed by that
   * job. Only so many wait, so that the pool is at work at the same time.
   */
  #noteDown(at: number): boolean {
    if (at >= replyWidth * (mostGathered - 1)) return false;
    const list = this.#replies;
    const value = list[at + 1] === replies.doneEmpty ? undefined : list[at + 2];
    if (this.#journal === undefined) return typeof value !== "object" || value === null;
    return this.#journal.add(list[at] as number, value, list[at + 3] as number);
  }

  readonly #reply = (id: number, kind: ReplyKind, value: unknown, list?: readonly Transferable[]): void => {
    const last = isLast(kind);
    if (value === undefined && kind === replies.done) [kind, value] = [replies.doneEmpty, null];
    if (this.#replies.length > repliesStart && (!last || (typeof value === "object" && value !== null))) this.#flush();
    this.#plain &&= isPlain(value);
    // The first makes the list anew: one that grows by it would have places for 22.
    if (this.#replies.length === repliesStart) this.#replies = [this.#token, 0, id, kind, value, 0];
    else this.#replies.push(id, kind, value, 0);
    if (list !== undefined) this.#transfer.push(...list);
    if (last) return;
    // What is sent in the middle of a job is waited for now; what cannot be sent is the job's own error.
    this.#send();
  };

  /** Sends the replies that have gathered, and which jobs have left. */
  #flush(): void {
    if (this.#replies.length === repliesStart && this.#told === this.#left) return;
    const list = this.#replies;
    try {
      this.#send();
    } catch (error) {
      // Only the last reply, of the job that has just ended, can hold an object: what came before has been sent.
      const [id, , value, ran] = list.slice(-replyWidth);
      const refusal = encodeError(unclonable(value, "the result", error));
      this.#replies = [...list.slice(0, -replyWidth), id, replies.failed, refusal, ran];
      this.#plain = false;
      this.#send();
    }
  }

  #send(): void {
    const list = this.#replies;
    const transfer = this.#transfer;
    this.#told = list[1] = this.#left;
    this.#replies = [this.#token, 0];
    if (transfer.length > 0) this.#transfer = [];
    const plain = this.#plain;
    this.#plain = this.#parent.prefersText === true;
    this.#parent.post(plain && transfer.length === 0 ? JSON.stringify(list) : list, transfer);
    this.#journal?.clear();
  }
}
