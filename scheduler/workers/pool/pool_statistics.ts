/**
 * What a pool says of itself.
 *
 * @module
 */

/** The numbers of a pool at one moment. */
export interface WorkerPoolStatistics {
  /** Threads, those that are starting included, and those that were started to take the place of one that may have to be ended. */
  readonly workers: number;
  /** Threads without a call. */
  readonly idle: number;
  /** Calls that run, those that were aborted and have not ended included. */
  readonly running: number;
  /** Calls that wait to be started. */
  readonly queued: number;
  /** Calls that gave a result. */
  readonly completed: number;
  /** Calls that failed; a timeout is a failure. */
  readonly failed: number;
  /** Calls that were aborted. */
  readonly cancelled: number;
  /** Threads that were told to end more than a second ago and go on: Deno cannot stop one that spins. They are no workers any more. */
  readonly runaway: number;
  /** Workers that were replaced; only in a pool with `maxMemory` or `maxCalls`. */
  readonly recycled?: number;
  /** Calls that were run in this thread; only in a pool with `inline`. */
  readonly inlined?: number;
}
