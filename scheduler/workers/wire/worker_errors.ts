/**
 * The errors of worker pools.
 *
 * @module
 */

/** The worker that ran a call ended before the call did; the call is never repeated. */
export class WorkerExitError extends Error {
  /** "WorkerExitError". */
  override readonly name = "WorkerExitError";
  /** The exit code, where the host tells it. */
  readonly exitCode: number | undefined;
  /** The code of the cause, such as "ERR_WORKER_OUT_OF_MEMORY". */
  readonly code: string | undefined;

  /** Made by the library; `cause` is the error that ended the worker, if there was one. */
  constructor(what: string, exitCode: number | undefined, cause: unknown) {
    const why = cause instanceof Error ? `: ${cause.message}` : exitCode === undefined ? "" : ` with code ${exitCode}`;
    super(`The worker of ${what} ended${why}`, { cause });
    this.exitCode = exitCode;
    this.code = (cause as { code?: string } | undefined)?.code;
  }
}

/** As many calls wait as the pool lets wait. */
export class QueueFullError extends Error {
  /** "QueueFullError". */
  override readonly name = "QueueFullError";
  /** The pool's `queueLimit`. */
  readonly limit: number;

  /** Made by the library. */
  constructor(pool: string, limit: number) {
    super(`The queue of ${pool} is full: its limit is ${limit}`);
    this.limit = limit;
  }
}

/** The pool has been closed, or is closing, and takes no calls. */
export class PoolClosedError extends Error {
  /** "PoolClosedError". */
  override readonly name = "PoolClosedError";

  /** Made by the library; `cause` is the reason of the signal that closed it, if one did. */
  constructor(pool: string, cause?: unknown) {
    super(`${pool} is closed`, cause === undefined ? undefined : { cause });
  }
}
