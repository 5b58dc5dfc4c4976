/**
 * A job that a server holds.
 *
 * ```
 *   waiting ──a thread is free──> running ──its answer has gone out──> over
 *      │                             ├──cancelled, its time has passed, its caller has gone──> over
 *      └──the server drains──────────┴──the server's grace has passed──> given back
 * ```
 *
 * @module
 */

import { wallClock } from "../../../runtime/basics/wall_clock.ts";
import { loop } from "../../../scheduler/queue/loop.ts";
import type { Priority } from "../../../scheduler/queue/priority.ts";
import type { Delivery, Headers } from "../engine/engine.ts";
import type { JobBody } from "../wire/messages.ts";

const nothing = (): void => {};

/** A job, and who is told of it. */
export class HeldJob {
  readonly body: JobBody;
  readonly priority: Priority;
  readonly attempt: number;
  /** As it came last; `undefined` for one that is not in the queue. */
  delivery: Delivery | undefined;
  /** The answer to the request that it came by, once. */
  reply: ((answer: Uint8Array, headers?: Headers) => void) | undefined;
  /** When it came, in ms of the loop's clock. */
  readonly came: number = loop().timers.now();
  /** When it may no longer be started, and when it has to be over. */
  readonly startBy: number;
  readonly endBy: number;
  isRunning = false;
  /** Nobody here has anything to do with it any more. */
  isOver = false;
  /** How many messages of its progress, or values, have gone out. */
  told = 0;
  /** Stops what runs, or does nothing. */
  stop: (reason: unknown) => void = nothing;
  /** How many values the caller has room for, and who waits for that. */
  credit: number;
  onCredit: (() => void) | undefined;

  constructor(
    body: JobBody,
    { priority, attempt, delivery, reply }: {
      priority: Priority;
      attempt: number;
      delivery?: Delivery | undefined;
      reply?: ((answer: Uint8Array, headers?: Headers) => void) | undefined;
    },
  ) {
    this.body = body;
    this.priority = priority;
    this.attempt = attempt;
    this.delivery = delivery;
    this.reply = reply;
    this.credit = body.credit ?? 0;
    // By the caller's clock it may be late already; by a clock of its own that is behind it never gets more than was stated.
    const age = Math.max(0, wallClock() - body.at);
    this.startBy = this.came + Math.max(0, (body.queueTimeout ?? Infinity) - age);
    this.endBy = this.came + Math.max(0, (body.timeout ?? Infinity) - age);
  }

  /** Is it one that may wait behind others in a thread's own queue? Others are told when they are started, or limited from then on. */
  get mayQueue(): boolean {
    const { credit, queueTimeout, runTimeout, tellStart } = this.body;
    return credit === undefined && queueTimeout === undefined && runTimeout === undefined && !tellStart;
  }

  /** How long it may still take, in ms. */
  get left(): number {
    return Math.max(0, this.endBy - loop().timers.now());
  }

  /** Ends it here; answers whether it had not ended. */
  end(): boolean {
    if (this.isOver) return false;
    this.isOver = true;
    this.onCredit?.();
    return true;
  }
}
