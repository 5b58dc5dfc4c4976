/**
 * What observers are told of the calls of a pool.
 *
 * @module
 */

import { lazyChannel } from "../../../runtime/system/diagnostics.ts";
import type { PoolJob } from "../jobs/job.ts";

/**
 * A call of a pool as those see it who subscribe to the channels `millrace.call.start` and `millrace.call.end` of
 * `node:diagnostics_channel`: the same object in both messages. The first is told in the flow of control that calls.
 */
export interface CallTrace {
  /** The name of the pool. */
  readonly pool: string;
  /** The name of the call: that of the function, if it was given none. */
  readonly name: string;
  /** The task that calls, as its path of names; empty outside any. */
  readonly path: string;
  /**
   * What to send along with the call, in the form of the header `traceparent`: to be set by a subscriber of the first message. The
   * worker's side has it in the messages of its own channel, `millrace.worker.start`.
   */
  traceparent: string | undefined;
  /** The number of the worker that ran the call; `undefined` until it was sent to one, and for one that ran in this thread. */
  readonly worker: number | undefined;
  /** In the second message: for how long the function ran, in ms; 0 if it never started. */
  readonly ran: number;
  /** In the second message: the error of a call that failed, or the reason of one that was aborted. */
  readonly error: unknown;
}

const started = lazyChannel("call.start");
const ended = lazyChannel("call.end");

/** The message about one call. */
export class CallMessage implements CallTrace {
  readonly pool: string;
  traceparent: string | undefined = undefined;
  worker: number | undefined = undefined;
  error: unknown = undefined;
  readonly #job: PoolJob;

  constructor(pool: string, job: PoolJob) {
    this.pool = pool;
    this.#job = job;
  }

  get name(): string {
    return this.#job.settings.label;
  }

  get path(): string {
    return this.#job.settings.extra?.path ?? "";
  }

  get ran(): number {
    return this.#job.ran;
  }
}

/** A call begins: it was taken, and nothing of it has been sent. */
export function tellCalled(pool: string, job: PoolJob): void {
  if (!started().hasSubscribers && !ended().hasSubscribers) return;
  const message = job.trace = new CallMessage(pool, job);
  if (started().hasSubscribers) started().publish(message);
  const { traceparent } = message;
  if (typeof traceparent === "string") job.settings.extra = { ...job.settings.extra, traceparent };
}

/** Nothing is left of a call. */
export function tellReturned(job: PoolJob): void {
  if (job.trace !== undefined && ended().hasSubscribers) ended().publish(job.trace);
}
