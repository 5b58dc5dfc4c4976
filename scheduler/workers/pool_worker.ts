/**
 * One worker of a pool: the jobs it has been sent, and what it says of them.
 *
 * @module
 */

import type { HostWorker, WorkerExit } from "../../runtime/worker_port.ts";
import { loop } from "../loop.ts";
import { decodeError, encodeError } from "./error_codec.ts";
import type { PoolJob } from "./job.ts";
import {
  cellCount,
  cells,
  type Hello,
  type JobMessage,
  type PoolMessage,
  type Reply,
  type WorkerMessage,
} from "./protocol.ts";

/** How many jobs wait in a worker behind the one that runs. They can be taken back until they start. */
const jobsAhead = 2;

/** What a worker tells its pool. */
export interface WorkerListener {
  /** The worker has room for jobs again. */
  onRoom(): void;
  /** The user's module could not be loaded; the worker ends. */
  onBroken(worker: PoolWorker, error: unknown): void;
  /** The worker has ended; these jobs had started, and these had not. */
  onExit(worker: PoolWorker, exit: WorkerExit, started: PoolJob[], unstarted: PoolJob[]): void;
}

/** A worker, as its pool sees it. */
export class PoolWorker {
  /** The jobs sent and not ended, in the order of sending. */
  readonly jobs: Map<number, PoolJob> = new Map();
  ready = false;
  /** Since when the worker has had no job, in ms of the host's clock. */
  idleSince = 0;
  /** A job was aborted and has not ended: no further one is sent. */
  draining = false;
  readonly #worker: HostWorker;
  readonly #listener: WorkerListener;
  readonly #cells: Int32Array | undefined;
  #lastId = 0;
  /** All ids up to this one have left the worker. */
  #doneId = 0;
  #outgoing: PoolMessage | undefined = undefined;
  #transfer: Transferable[] = [];

  constructor(
    module: URL,
    name: string,
    resourceLimits: Record<string, number> | undefined,
    listener: WorkerListener,
  ) {
    this.#listener = listener;
    const shared = typeof SharedArrayBuffer === "function" ? new SharedArrayBuffer(cellCount * 4) : undefined;
    this.#cells = shared && new Int32Array(shared);
    this.#worker = loop().host.spawnWorker(new URL(`./worker_side.${fileEnding}`, import.meta.url), {
      name,
      loads: module,
      resourceLimits,
      onMessage: (message) => this.#take(message as WorkerMessage),
      onExit: (exit) => this.#exit(exit),
    });
    this.#worker.post({ module: module.href, shared } satisfies Hello, []);
  }

  /** May a job be sent that starts as it arrives? */
  get free(): boolean {
    return this.jobs.size === 0 && !this.draining;
  }

  /** May a job be sent that waits behind others? */
  get hasRoom(): boolean {
    return !this.draining && this.ready && this.#cells !== undefined && this.jobs.size <= jobsAhead &&
      this.#lastId - this.#doneId < cellCount - 1;
  }

  /** Sends a job, with all that are sent in the same turn of microtasks. */
  send(job: PoolJob): void {
    const { name, args, credit, transfer } = job.settings;
    const id = job.id = ++this.#lastId;
    if (this.#cells !== undefined) Atomics.store(this.#cells, id % cellCount, cells.sent);
    if (this.jobs.size === 0) this.#worker.hold(true);
    this.jobs.set(id, job);
    const signals = args.some((arg) => arg instanceof AbortSignal)
      ? args.flatMap((arg, position) => arg instanceof AbortSignal ? [position] : [])
      : undefined;
    const sendable = signals === undefined ? args : args.map((arg) => arg instanceof AbortSignal ? undefined : arg);
    const message: JobMessage = { id, name, args: sendable, credit, signals };
    (this.#queue().jobs ??= []).push(message);
    if (transfer.length > 0) this.#transfer.push(...transfer);
    for (const position of signals ?? []) this.#follow(job, position, args[position] as AbortSignal);
  }

  /** Takes a job back that has not started; answers whether it could. */
  takeBack(job: PoolJob): boolean {
    const cell = job.id % cellCount;
    if (this.#cells === undefined) return false;
    if (Atomics.compareExchange(this.#cells, cell, cells.sent, cells.takenBack) !== cells.sent) return false;
    this.#forget(job);
    return true;
  }

  /** Tells a job that has started to stop, and takes back those behind it, for nobody knows when it will. */
  cancel(job: PoolJob, reason: unknown): PoolJob[] {
    this.draining = true;
    if (this.#cells !== undefined) Atomics.store(this.#cells, job.id % cellCount, cells.cancelled);
    (this.#queue().cancel ??= []).push({ id: job.id, reason: encodeError(reason) });
    return [...this.jobs.values()].filter((other) => other !== job && this.takeBack(other));
  }

  /** Lets a stream send more values. */
  addCredit(job: PoolJob, count: number): void {
    (this.#queue().credit ??= []).push([job.id, count]);
  }

  /** Ends the thread. */
  terminate(): void {
    this.#worker.terminate();
  }

  #queue(): PoolMessage {
    if (this.#outgoing === undefined) {
      this.#outgoing = {};
      queueMicrotask(() => this.#flush());
    }
    return this.#outgoing;
  }

  #flush(): void {
    const message = this.#outgoing!;
    const transfer = this.#transfer;
    this.#outgoing = undefined;
    this.#transfer = [];
    try {
      this.#worker.post(message, transfer);
    } catch (error) {
      this.#flushApart(message, transfer, error);
    }
  }

  /** A message could not be cloned, although its arguments looked as if they could: each job is sent alone. */
  #flushApart(message: PoolMessage, transfer: Transferable[], error: unknown): void {
    const { jobs = [], ...rest } = message;
    this.#worker.post(rest, []);
    for (const job of jobs) {
      try {
        if (jobs.length === 1) throw error;
        this.#worker.post(
          { jobs: [job] },
          transfer.filter((item) => this.jobs.get(job.id)?.settings.transfer.includes(item)),
        );
      } catch (reason) {
        const refused = this.jobs.get(job.id);
        if (refused === undefined) continue;
        this.#forget(refused);
        refused.end({ error: reason });
      }
    }
    this.#listener.onRoom();
  }

  #follow(job: PoolJob, argument: number, signal: AbortSignal): void {
    const abort = (): void => {
      (this.#queue().cancel ??= []).push({ id: job.id, reason: encodeError(signal.reason), argument });
    };
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    const { onGone } = job;
    job.onGone = () => {
      signal.removeEventListener("abort", abort);
      onGone?.();
    };
  }

  #take(message: WorkerMessage): void {
    if (message.ready) {
      this.ready = true;
      this.#listener.onRoom();
    }
    if (message.broken !== undefined) return this.#listener.onBroken(this, decodeError(message.broken));
    if (message.replies === undefined) return;
    for (const reply of message.replies) this.#reply(reply);
    this.#listener.onRoom();
  }

  #reply(reply: Reply): void {
    const job = this.jobs.get(reply.id);
    if (job === undefined) return;
    switch (reply.kind) {
      case "progress":
        return job.aborted ? undefined : job.settings.onProgress?.(reply.value);
      case "values":
        return job.onValues?.(reply.values);
      case "done":
        this.#ended(job);
        return job.end({ value: reply.value });
      case "failed":
        this.#ended(job);
        return job.end({ error: decodeError(reply.error) });
    }
  }

  #ended(job: PoolJob): void {
    this.#doneId = job.id;
    this.draining = false;
    this.#forget(job);
  }

  #forget(job: PoolJob): void {
    this.jobs.delete(job.id);
    if (this.jobs.size > 0) return;
    this.#worker.hold(false);
    this.idleSince = loop().host.now();
  }

  #exit(exit: WorkerExit): void {
    const started: PoolJob[] = [];
    const unstarted: PoolJob[] = [];
    for (const job of [...this.jobs.values()]) {
      // Without shared memory nothing is sent ahead: the one job there is has started.
      if (this.ready && !this.takeBack(job)) started.push(job);
      else unstarted.push(job);
    }
    this.jobs.clear();
    this.#listener.onExit(this, exit, started, unstarted);
  }
}

/** The worker's side lies beside this file, as TypeScript in the repository and as JavaScript where that was built. */
const fileEnding = import.meta.url.endsWith(".ts") ? "ts" : "js";
