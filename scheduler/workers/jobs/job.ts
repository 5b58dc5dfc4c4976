/**
 * A call of a pool, from `run` to its end.
 *
 * ```
 *   new ──submit──> queued ──> sent ──> (started in the worker) ──> ended
 *                     ▲          │ taken back: the worker died, or another one is free
 *                     └──────────┘
 *   An aborted job has settled for its caller; it ends at once unless it has started.
 * ```
 *
 * @module
 */

import { Entry } from "../../queue/entry.ts";
import { loop } from "../../queue/loop.ts";
import type { Answer, JobExtra } from "../wire/protocol.ts";

/** Who waits for a job. */
export interface Receiver {
  /** The result has come. */
  resolve(value: never): unknown;
  /** The job has failed or was aborted. */
  reject(error: unknown): unknown;
  /** The job has failed with an error that was made for it alone. */
  fail(error: unknown): unknown;
}

/** What was sent along with a call, and how it is to be. */
export interface JobSettings {
  name: string;
  /** What it is called in messages. */
  label: string;
  /** The arguments as they are sent: signals and callbacks replaced. */
  args: unknown[];
  lane: number;
  transfer: Transferable[];
  runTimeout: number;
  extra: JobExtra | undefined;
  /** Objects among the arguments, however deep. Calls that share one do not travel in one message. */
  objects: Set<object> | undefined;
  /** Buffers among them might be moved away before the call is sent. */
  hasBuffers: boolean;
  signals: readonly AbortSignal[] | undefined;
  callbacks: readonly ((...args: never) => unknown)[] | undefined;
  onProgress: ((value: unknown) => void) | undefined;
  /** The async context in which functions of the caller are called. */
  context: unknown;
}

/** What runs jobs, as far as a job is concerned. */
export interface JobWorker {
  /** How many jobs it has been sent, those of workers. */
  readonly count: number;
  /** Takes a job back that has not started; answers whether it could. */
  takeBack(job: PoolJob): boolean;
  /** Takes back the jobs that wait behind the first `keep` and that `wanted` picks. */
  takeBackBehind(keep: number, wanted: (job: PoolJob) => boolean): PoolJob[];
  /** Tells a job that has started to stop; gives those that are to go elsewhere. */
  cancel(job: PoolJob, reason: unknown): PoolJob[];
  /** Aborts a signal among the arguments of a job. */
  abortArgument(job: PoolJob, argument: number, reason: unknown): void;
  /** Lets a stream send more values. */
  addCredit(job: PoolJob, count: number): void;
  /** Lets the jobs hold the process, or not. */
  holdProcess(holds: boolean): void;
  /** Answers a call that the job's code made. */
  answer(job: PoolJob, answer: Omit<Answer, "id">): void;
  /** A job that was told to stop may soon have to be ended by force. */
  late(job: PoolJob): void;
  /** Ends by force a job that was told to stop and has not ended. */
  stop(job: PoolJob): void;
}

/** A call, on the pool's side. On its way it is a `JobMessage`, in the worker a `RunningJob`, of which its code sees a `Job`. */
export class PoolJob extends Entry {
  readonly settings: JobSettings;
  /** When it was submitted, in ms of the host's clock. */
  readonly submitted: number = loop().host.now();
  /** The number the job has in its worker; 0 until it has been posted there. */
  id = 0;
  /** The pool it was submitted to. */
  pool: { abort(job: PoolJob, reason: unknown): void } | undefined = undefined;
  /** What it was sent to. */
  worker: JobWorker | undefined = undefined;
  /** Its buffers have been moved: it cannot be sent a second time. */
  moved = false;
  /** Nobody waits for the result any more. */
  aborted = false;
  ended = false;
  /** How long it has run, in ms. */
  ran = 0;
  /** Who waits for the result; nobody once it is settled. */
  receiver: Receiver | undefined = undefined;
  /** What observers are told of it, while there are any. */
  trace: { worker: number | undefined; error: unknown } | undefined = undefined;
  /** A stream's values arrive here. */
  onValue: ((value: unknown) => void) | undefined = undefined;
  /** The code in the worker waits for the caller's side: for credit, or for callbacks. */
  outOfCredit = false;
  callsOpen = 0;
  /** A stream's: how many wait for its next value now, and how often it was read. Perhaps nobody ever reads it again. */
  readers: { waiting: number; reads: number } | undefined = undefined;
  /** Takes back the timer of `runTimeout`. */
  stopClock: (() => void) | undefined = undefined;
  #cleanups: (() => void)[] | undefined = undefined;

  constructor(settings: JobSettings) {
    super();
    this.settings = settings;
  }

  /** Jobs stand in lists of the pool, never in the run queue. */
  override run(): void {}

  get lane(): number {
    return this.settings.lane;
  }

  /** Moved buffers and the clock of a run timeout want a worker that starts the job as it arrives. */
  get wantsFreeWorker(): boolean {
    return this.settings.transfer.length > 0 || this.settings.runTimeout !== Infinity;
  }

  /** Is it a stream for whose values nobody waits? */
  get unattended(): boolean {
    return this.readers?.waiting === 0;
  }

  /** Does the job take up its worker without using it? */
  get parked(): boolean {
    return this.outOfCredit || this.callsOpen > 0;
  }

  /** Gives the job up; before it was submitted, and after its end, there is nothing to give up. */
  abort(reason: unknown): void {
    this.pool?.abort(this, reason);
  }

  /** Registers what is to be done once nothing of the job is left. */
  whenGone(cleanup: () => void): void {
    if (this.ended) cleanup();
    else (this.#cleanups ??= []).push(cleanup);
  }

  /** Tells the caller the result, unless it has been told something already. */
  resolve(value: unknown): void {
    const { receiver } = this;
    this.receiver = undefined;
    receiver?.resolve(value as never);
  }

  /** Tells the caller of an error, unless it has been told something already. */
  reject(error: unknown): void {
    const { receiver } = this;
    this.receiver = undefined;
    receiver?.reject(error);
  }

  /** Tells the caller of an error that was made for this job alone, unless it has been told something already. */
  fail(error: unknown): void {
    const { receiver } = this;
    this.receiver = undefined;
    receiver?.fail(error);
  }

  /** Nothing of the job is left. */
  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.worker = undefined;
    this.onValue = undefined;
    const cleanups = this.#cleanups;
    this.#cleanups = undefined;
    if (cleanups !== undefined) { for (const cleanup of cleanups) cleanup(); }
  }
}
