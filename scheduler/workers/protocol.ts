/**
 * What a pool and its workers say to each other. Every message is a batch, because a message costs far more than what
 * is in it. Nothing here needs a thread: the flags in shared memory only make things faster or surer where they exist.
 *
 * @module
 */

import type { EncodedError } from "./error_codec.ts";

/** The pool's first message. */
export interface Hello {
  readonly module: string;
  /** Cells in shared memory; see {@linkcode cells}. */
  readonly shared: SharedArrayBuffer | undefined;
}

/** A job on its way to a worker. */
export interface JobMessage {
  readonly id: number;
  readonly name: string;
  readonly args: readonly unknown[];
  /** For a stream: how many values may be on their way at once. */
  readonly credit: number | undefined;
  /** Positions in `args` of signals that were replaced by `undefined` and are to arrive live. */
  readonly signals: readonly number[] | undefined;
}

/** A batch from the pool. */
export interface PoolMessage {
  jobs?: JobMessage[];
  /** Jobs that are to stop: their signal is aborted. */
  cancel?: { id: number; reason: EncodedError; argument?: number }[];
  /** Streams that may send so many more values. */
  credit?: [id: number, count: number][];
}

/** What a worker says of one job. */
export type Reply =
  | { id: number; kind: "done"; value: unknown }
  | { id: number; kind: "failed"; error: EncodedError }
  | { id: number; kind: "progress"; value: unknown }
  | { id: number; kind: "values"; values: unknown[] };

/** A batch from a worker. */
export interface WorkerMessage {
  /** The module has been loaded. */
  ready?: true;
  /** The module could not be loaded. */
  broken?: EncodedError;
  replies?: Reply[];
}

/** How many jobs a worker may have been sent and not ended; each has a cell of its own. */
export const cellCount = 16;

/**
 * The state of a job in its cell (number `id % cellCount`), in shared memory. Whoever moves it from `sent` decides:
 * the worker by starting the job, or the pool by taking it back.
 */
export const cells = { sent: 1, started: 2, takenBack: 3, cancelled: 4 } as const;
