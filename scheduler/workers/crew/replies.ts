/**
 * What to do with what comes from a thread.
 *
 * ```
 *   message ──of the pool's own side, by its token?──> replies ──each──> its job's listener
 *      │                                      └──> a word about the worker itself: ready, broken, spent
 *      └──> what the user's module has posted by itself: nobody's
 * ```
 *
 * @module
 */

import { loop } from "../../queue/loop.ts";
import { watchHook } from "../../scopes/unhandled.ts";
import type { PoolJob } from "../jobs/job.ts";
import { decodeError, type KnownClasses } from "../wire/error_codec.ts";
import { type Apart, putTogether } from "../wire/parts.ts";
import {
  isLast,
  replies,
  type RepliesMessage,
  repliesStart,
  replyWidth,
  withParts,
  type WorkerMessage,
} from "../wire/protocol.ts";
import type { JobSlots } from "./job_slots.ts";

/** A call of a function of the caller's. */
export interface CallbackCall {
  readonly number: number;
  readonly callback: number;
  readonly args: unknown[];
  /** What of the arguments travels apart. */
  readonly gaps?: Apart["gaps"];
}

/** Who is told what becomes of jobs. */
export interface JobListener {
  /** A job has come to its end; it is no longer with the worker. */
  onDone(job: PoolJob, value: unknown): void;
  onFailed(job: PoolJob, error: unknown): void;
  /** How long, in ms, the job ran that comes to its end now; before `onDone` and `onFailed`. */
  onRan(job: PoolJob, ran: number, now: number, asynchronous: boolean): void;
  /** A job wants something of its caller that went wrong: it is to be aborted. */
  onCallerFailed(job: PoolJob, error: unknown): void;
  /** The worker's code calls a function of the caller's. */
  onCall(job: PoolJob, call: CallbackCall): void;
}

/** Whose replies they are. An object: a function made for each worker made the pool's side of a job dearer by 3 %. */
export interface RepliesWorker {
  /** A job's last reply has come; its listener is told next. */
  ended(job: PoolJob): void;
}

/** The messages of one worker. */
export class Replies {
  /** What the worker's side puts into each of its messages, and a module cannot know. */
  readonly token: number = Math.floor(Math.random() * 2 ** 30);
  /** How many came together last. */
  together = 0;
  /** How replies begin that come as text. */
  readonly #textToken: string = `[${this.token},`;
  readonly #slots: JobSlots;
  readonly #listener: JobListener;
  readonly #errors: KnownClasses | undefined;
  readonly #worker: RepliesWorker;

  constructor(worker: RepliesWorker, slots: JobSlots, listener: JobListener, errors: KnownClasses | undefined) {
    this.#worker = worker;
    this.#slots = slots;
    this.#listener = listener;
    this.#errors = errors;
  }

  /** The replies of a message, if it has some. */
  listIn(message: unknown): RepliesMessage | undefined {
    if (typeof message === "string") return message.startsWith(this.#textToken) ? JSON.parse(message) : undefined;
    return Array.isArray(message) && message[0] === this.token ? message : undefined;
  }

  /** What a message says of the worker itself, if it does. */
  wordIn(message: unknown): WorkerMessage | undefined {
    const word = message as WorkerMessage | null | undefined;
    return word?.token === this.token ? word : undefined;
  }

  /** Tells the listener of all replies, in order; it is `now`, on the host's clock. */
  tell(list: RepliesMessage, now: number): void {
    this.together = (list.length - repliesStart) / replyWidth;
    for (let at = repliesStart; at < list.length; at += replyWidth) {
      const job = this.#slots.get(list[at] as number);
      if (job === undefined) continue;
      const kind = list[at + 1];
      if (isLast(kind)) {
        this.#worker.ended(job);
        const ran = list[at + 3] as number;
        this.#listener.onRan(job, Math.abs(ran) / 1000, now, ran < 0);
      }
      tellReply(this.#listener, this.#errors, job, kind, list[at + 2]);
    }
    this.#slots.leftUpTo(list[1] as number);
  }
}

/** Tells the listener what one reply says of a job, wherever that runs. */
export function tellReply(
  listener: JobListener,
  errors: KnownClasses | undefined,
  job: PoolJob,
  kind: unknown,
  value: unknown,
): void {
  if ((kind as number) & withParts) {
    [value] = putTogether(value as Apart, errors);
    kind = (kind as number) & ~withParts;
  }
  switch (kind) {
    case replies.doneEmpty:
      return listener.onDone(job, undefined);
    case replies.done:
      return listener.onDone(job, value);
    case replies.failed:
      return listener.onFailed(job, decodeError(value as never, errors));
    case replies.progress:
      if (job.aborted || job.settings.onProgress === undefined) return;
      try {
        watchHook(loop().context.resume(job.settings.context, job.settings.onProgress, value));
      } catch (error) {
        listener.onCallerFailed(job, error);
      }
      return;
    case replies.value:
      return job.onValue?.(value);
    case replies.call:
      return listener.onCall(job, value as never);
  }
}
