/**
 * How pools of other machines and their calls are to be, and what they say of themselves.
 *
 * @module
 */

import type { RunOptions } from "../../../scheduler/workers/mod.ts";
import type { QueueOptions } from "../settings/remote_settings.ts";

/** How a pool is to be. */
export interface RemotePoolOptions extends QueueOptions {
  /**
   * "at-least-once": a call is kept until it was answered, and tried again when its worker dies. "at-most-once": a call goes to somebody who
   * serves at this moment, and fails with `NoWorkerError` where nobody does; it costs half. Default: "at-least-once".
   */
  delivery?: "at-least-once" | "at-most-once";
  /** Classes of errors that come back as instances, as for a `WorkerPool`. Default: those of the library, and the built-in ones. */
  errors?: readonly (new (...args: never) => Error)[];
  /** Closes the pool at once when aborted. */
  signal?: AbortSignal;
}

/** How a call is to be. */
export interface RemoteRunOptions extends Omit<RunOptions, "transfer"> {
  /**
   * What the call is known by, 1 to 128 characters: whoever calls with the same key within two minutes shares the call there is. Cancelling
   * one of them cancels it for those elsewhere, too. Default: a text of its own.
   */
  idempotencyKey?: string;
  /** Does the call go on when this program has gone? Default: false. */
  detached?: boolean;
}

/** How a stream is to be. */
export interface RemoteStreamOptions extends Omit<RemoteRunOptions, "idempotencyKey"> {
  /** How many values may be on their way. Default: 64. */
  highWaterMark?: number;
}

/** How a map is to be; `timeout` and `signal` are about the whole. */
export interface RemoteMapOptions extends Omit<RemoteRunOptions, "idempotencyKey"> {
  /** How many items are called for at once. Default: 64. */
  limit?: number;
}

/** Which dead letters are asked for. */
export interface DeadLettersOptions {
  /** How many at most, the oldest first. Default: 100. */
  limit?: number;
}

/** A call that was given up. */
export interface DeadLetter {
  /** What it is known by. */
  readonly id: string;
  /** The function. */
  readonly name: string;
  /** Its arguments; `undefined` where they cannot be read. */
  readonly args: readonly unknown[] | undefined;
  /** What its last try came to, in words. */
  readonly error: string;
  /** Who tried it last; "" where nobody has said. */
  readonly worker: string;
  /** How often it was tried. */
  readonly attempts: number;
  /** When it was given up. */
  readonly at: string;
}

/** The numbers of a pool at one moment. */
export interface RemotePoolStatistics {
  /** Calls of this pool that have not settled. */
  readonly pending: number;
  /** Those of them that are not known to run: they are queued, or have been delivered a moment ago. */
  readonly queued: number;
  /** Those of them that are known to run. */
  readonly running: number;
  /** Calls that were given up, and whose jobs are being taken back. */
  readonly cancelling: number;
  /** Calls that gave a result. */
  readonly completed: number;
  /** Calls that failed; a timeout is a failure. */
  readonly failed: number;
  /** Calls that were aborted. */
  readonly cancelled: number;
  /** Calls that were heard of from a second or later try. */
  readonly redelivered: number;
  /** Answers that came a second time. */
  readonly duplicates: number;
  /** Messages that could not be read. */
  readonly malformed: number;
  /** Calls that were given up. */
  readonly dead: number;
  /** How often the connection was lost and found again. */
  readonly reconnects: number;
  /** Whether it is there. */
  readonly isConnected: boolean;
}
