/**
 * What a function of a worker module may ask about the call it is running.
 *
 * @module
 */

import { checkFunction } from "../../../runtime/basics/check.ts";
import { threadWork } from "../../../runtime/basics/thread_work.ts";

/** The call that a worker is running. */
export interface Job {
  /** The name the caller gave the call, else that of the function. */
  readonly name: string;
  /** The names of the groups and tasks around the call, outermost first, joined by " > "; empty outside any. */
  readonly task: string;
  /** What an observer of the caller's side has sent along, in the form of the header `traceparent`; `undefined` where nobody has. */
  readonly traceparent: string | undefined;
  /**
   * What a call from another machine is known by, the same however often it is tried: its `idempotencyKey`, else a random text. `undefined`
   * for a call of a `WorkerPool`.
   */
  readonly key: string | undefined;
  /** The how many-th time the call is tried, from 1. A call of a `WorkerPool` is tried once. */
  readonly attempt: number;
  /**
   * Aborted when the caller no longer wants the result. `signal.aborted` turns true inside a synchronous loop too,
   * where the host has shared memory.
   */
  readonly signal: AbortSignal;
  /** The same as `signal.aborted`, for loops: about 20 ns a look. */
  readonly cancelled: boolean;
  /**
   * Hands a value to the `onProgress` of the call; before the result, and in order.
   *
   * @throws {DOMException} ("DataCloneError") when it cannot be cloned.
   */
  progress(value: unknown): void;
}

/** What the code of a worker may ask for. */
export interface WorkerState {
  job?: Job | undefined;
  data?: unknown;
  /** What is to be done when the worker is ended. */
  closers?: (() => unknown)[] | undefined;
}

/** What the thread works at. */
const thread = threadWork as WorkerState & {
  /** The state of the virtual worker whose code runs; in a simulation several share a thread. */
  virtual?: (() => WorkerState | undefined) | undefined;
  /** Who serves the calls of a pool here: the pool's own first module, or the program by `serveJobs`. */
  server?: "pool" | "program";
  inlined?: Inlined;
};

/** Calls that run in a thread beside its own code. */
export interface Inlined {
  /** The one to which the code that asks belongs, as far as the host can tell. */
  here(): Job | undefined;
  /** The one that began last, of those that have not ended. */
  last(): Job | undefined;
}

function state(): WorkerState {
  return thread.virtual?.() ?? thread;
}

/** Says how to find the state of a virtual worker; the returned function takes that back. */
export function findWorkerStates(find: () => WorkerState | undefined): () => void {
  thread.virtual = find;
  return () => void (thread.virtual = undefined);
}

/** Is the thread to be served by this one? Not if somebody serves it already, who is told by name. */
export function claimThread(server: "pool" | "program"): "pool" | "program" | undefined {
  const before = thread.server;
  thread.server ??= server;
  return before;
}

/** Makes a job the current one, as a worker runs one at a time. */
export function setCurrentJob(job: Job | undefined): void {
  state().job = job;
}

/** Says who knows of calls that run beside the thread's own code. */
export function setInlined(inlined: Inlined): void {
  thread.inlined = inlined;
}

/**
 * The call that this worker is running.
 *
 * @throws {Error} outside a call of a pool.
 *
 * @example
 * ```ts no-run
 * // tasks.ts, the worker module
 * import { currentJob } from "@millrace/millrace/worker";
 *
 * export function count(limit: number): number {
 *   const job = currentJob();
 *   let found = 0;
 *   for (let n = 0; n < limit && !job.cancelled; n++) found += n % 3;
 *   return found;
 * }
 * ```
 */
export function currentJob(): Job {
  const { inlined } = thread;
  const job = inlined?.here() ?? state().job ?? inlined?.last();
  if (job === undefined) throw new Error("currentJob() was called outside a call of a WorkerPool");
  return job;
}

/**
 * Has a function called when the pool ends this worker: with the pool, because it had nothing to do, or because it is replaced. It may
 * give a promise; all together have the pool's `teardownTimeout`. The last one that was registered goes first. What one throws goes
 * to `onUnhandled` of the pool's thread, and the others run all the same. A worker that is ended because a call does not heed its abort,
 * that dies, or whose process ends, has no time for this.
 *
 * @throws {TypeError} for what is no function.
 *
 * @example
 * ```ts no-run
 * // tasks.ts, the worker module
 * import { onClose } from "@millrace/millrace/worker";
 *
 * const database = { query: (id: number) => id, close: () => {} };
 * onClose(() => database.close());
 *
 * export function find(id: number): number {
 *   return database.query(id);
 * }
 * ```
 */
export function onClose(fn: () => unknown): void {
  checkFunction(fn, "The function of onClose");
  (state().closers ??= []).push(fn);
}

/** Takes those functions, in the order in which they are to be called. */
export function takeClosers(): (() => unknown)[] {
  const here = state();
  const closers = here.closers?.reverse() ?? [];
  here.closers = undefined;
  return closers;
}

/** Sets what the pool was made with. */
export function setWorkerData(value: unknown): void {
  state().data = value;
}

/**
 * The option `workerData` of the pool that started this worker, a copy; there already while the module is loaded. `undefined`
 * where there is none.
 *
 * @example
 * ```ts no-run
 * // tasks.ts, the worker module
 * import { workerData } from "@millrace/millrace/worker";
 *
 * const { rate } = workerData<{ rate: number }>();
 *
 * export function convert(amount: number): number {
 *   return amount * rate;
 * }
 * ```
 */
export function workerData<T = unknown>(): T {
  return state().data as T;
}
