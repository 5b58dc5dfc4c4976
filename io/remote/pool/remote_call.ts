/**
 * A call, on the side of its caller.
 *
 * ```
 *   new ──publish──> published ──the first terminal answer, a timeout, an abort, the end of the pool──> settled
 * ```
 *
 * @module
 */

import { type Loop, loop } from "../../../scheduler/queue/loop.ts";
import type { PoolJob } from "../../../scheduler/workers/pool/for_machines.ts";
import { WorkerExitError } from "../../../scheduler/workers/mod.ts";
import type { JobPriority } from "../engine/engine.ts";
import { type AnswerBody, isTerminal, type JobBody } from "../wire/messages.ts";
import { DeadLetterError } from "./remote_errors.ts";
import { type OwnTrace, tellEnded } from "./remote_trace.ts";

/** What a call has to say while it goes on. */
export interface CallEvents {
  /** It was settled. */
  onSettled(call: RemoteCall): void;
  /** Its own side gives it up: with an error that was made for it, or with somebody's reason. */
  giveUp(call: RemoteCall, reason: unknown, isOwn: boolean): void;
}

/** A call and who waits for it. */
export class RemoteCall {
  readonly body: JobBody;
  /** As they are published; nothing, once that is known to be done. */
  bytes: Uint8Array;
  readonly priority: JobPriority;
  readonly job: PoolJob;
  readonly #trace: OwnTrace | undefined;
  readonly #events: CallEvents;
  readonly #ends: (() => void)[] = [];
  readonly #loop: Loop = loop();
  /** Its place in the queue, once it is known. */
  sequence: number | undefined = undefined;
  /** Which life of the queue that is a place in, and whether that one is over. */
  life: string | undefined = undefined;
  isQueueLost = false;
  /** When it was first asked for since then. */
  asked: number | undefined = undefined;
  /** When something was last heard of it, in ms of the host's clock. */
  heard: number;
  /** How often it was looked for in its queue, in a row, and not found. */
  missing = 0;
  /** The delivery that was heard of last, and who had it. */
  attempt = 0;
  worker = "";
  isSettled = false;
  /** Has it gone out? */
  isSent = false;
  /** Has somebody who serves said the last of it? */
  isAnswered = false;
  /** Has it become a dead letter? */
  isDead = false;
  isStarted = false;
  #told = 0;
  #endQueueTimer: (() => void) | undefined = undefined;

  constructor(
    call: { body: JobBody; bytes: Uint8Array; priority: JobPriority; job: PoolJob; trace: OwnTrace | undefined },
    events: CallEvents,
  ) {
    this.body = call.body;
    this.bytes = call.bytes;
    this.priority = call.priority;
    this.job = call.job;
    this.#trace = call.trace;
    this.heard = this.#loop.host.now();
    this.#events = events;
  }

  get id(): string {
    return this.body.id;
  }

  get label(): string {
    return this.job.settings.label;
  }

  /** Has something done when the call settles. */
  whenSettled(fn: () => void): void {
    if (this.isSettled) fn();
    else this.#ends.push(fn);
  }

  /** Gives the call up after so many ms; `isQueue` says that its start is enough. */
  limit(ms: number | undefined, error: () => Error, isQueue: boolean): void {
    if (ms === undefined || ms === Infinity) return;
    const timer = this.#loop.timers.setTimer(() => this.#events.giveUp(this, error(), true), ms);
    if (isQueue) this.#endQueueTimer = () => timer.cancel();
    this.whenSettled(() => timer.cancel());
  }

  /** Something was said of it; answers whether it was of use. */
  hear(answer: AnswerBody): boolean {
    if (this.isSettled) return false;
    this.heard = this.#loop.host.now();
    this.missing = 0;
    const { attempt, kind, value, worker, number } = answer;
    if (isTerminal(kind)) {
      this.isAnswered = true;
      this.attempt = attempt;
      // The last of its values may be lost: without their number nobody would know.
      const isShort = kind === "done" && this.body.credit !== undefined && number !== this.#told;
      if (isShort) return this.#breakStream(worker);
      this.#end(answer);
      return true;
    }
    if (attempt < this.attempt) return false;
    if (attempt > this.attempt) {
      // What went before is not taken back: of a stream somebody has seen it.
      if (this.#told > 0 && this.body.credit !== undefined) return this.#breakStream(worker);
      this.attempt = attempt;
      this.#told = 0;
    }
    this.worker = worker;
    this.isStarted = true;
    this.#endQueueTimer?.();
    if (kind === "started") return true;
    if (number === undefined || number < this.#told) return false;
    if (kind === "progress") return this.#progress(number, value);
    if (number > this.#told) return this.#breakStream(worker);
    this.#told++;
    this.job.onValue?.(value);
    return true;
  }

  /** Settles with an error that was made for this call. */
  fail(error: unknown): void {
    this.#settle(() => this.job.fail(error), error);
  }

  /** Settles with somebody's reason. */
  reject(reason: unknown): void {
    this.job.aborted = true;
    this.#settle(() => this.job.reject(reason), reason);
  }

  #end({ kind, value, attempt, worker }: AnswerBody): void {
    switch (kind) {
      case "done":
        return this.#settle(() => this.job.resolve(value));
      case "failed":
        return this.fail(value);
      case "dead":
        this.isDead = true;
        return this.fail(new DeadLetterError(this.label, attempt, value));
      default:
        return this.fail(exitOf(this.label, worker, value));
    }
  }

  #progress(number: number, value: unknown): boolean {
    this.#told = number + 1;
    const { onProgress, context } = this.job.settings;
    if (onProgress === undefined) return false;
    try {
      this.#loop.context.resume(context, onProgress, value);
    } catch (error) {
      this.#events.giveUp(this, error, false);
    }
    return true;
  }

  #breakStream(worker: string): boolean {
    const why = new Error("values of the stream are lost, and no generator is run twice");
    this.#events.giveUp(this, exitOf(this.label, worker, why), true);
    return true;
  }

  #settle(tell: () => void, error?: unknown): void {
    if (this.isSettled) return;
    this.isSettled = true;
    for (const end of this.#ends) end();
    if (this.#trace !== undefined) tellEnded(this.#trace, this.attempt, error);
    tell();
    this.job.end();
    this.#events.onSettled(this);
  }
}

/** The error of a call whose worker is lost. */
export function exitOf(label: string, worker: string, cause: unknown): WorkerExitError {
  return new WorkerExitError(worker === "" ? label : `${label}, on ${worker},`, undefined, cause);
}
