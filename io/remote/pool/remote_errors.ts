/**
 * The errors of calls to other machines.
 *
 * @module
 */

import { QueueFullError } from "../../../scheduler/workers/mod.ts";
import { EngineFullError, type JobQueue } from "../engine/engine.ts";

/**
 * Nobody serves the queue that a call at most once is for, at this moment. Nothing was run.
 *
 * @example
 * ```ts
 * import { NoWorkerError, RemotePool } from "@millrace/millrace/remote";
 *
 * const pool = new RemotePool({ queue: "nobody", delivery: "at-most-once" });
 * const error = await pool.run("thumbnail", ["owl.png", 100]).catch((error) => error);
 * console.log(error instanceof NoWorkerError); // -> true
 * await pool.close();
 * ```
 */
export class NoWorkerError extends Error {
  /** "NoWorkerError". */
  override readonly name = "NoWorkerError";

  /** Made by the library. */
  constructor(pool: string, name: string) {
    super(`Nobody serves ${pool}, which the call of ${name} is for`);
  }
}

/**
 * A call was tried as often as it may be. It lies among the dead letters of its queue; `cause` is what the last try came to: the error that
 * `retryOn` wanted tried again, or the `WorkerExitError` of the worker that died last.
 *
 * @example
 * ```ts
 * import { DeadLetterError, RemotePool, serveTasks } from "@millrace/millrace/remote";
 *
 * const settings = { queue: "given-up", attempts: 2 };
 * const server = await serveTasks(new URL("./tasks.ts", import.meta.url), {
 *   ...settings,
 *   size: 1,
 *   backoff: { delay: 1 },
 *   retryOn: () => true,
 * });
 * const pool = new RemotePool<typeof import("./tasks.ts")>(settings);
 * const error = await pool.run("fetchRates", [9]).catch((error) => error);
 * console.log(error instanceof DeadLetterError, error.attempts, error.cause.message); // -> true 2 the rates are being made
 * await pool.close();
 * await server.drain();
 * ```
 */
export class DeadLetterError extends Error {
  /** "DeadLetterError". */
  override readonly name = "DeadLetterError";
  /** How often it was tried. */
  readonly attempts: number;

  /** Made by the library. */
  constructor(name: string, attempts: number, cause: unknown) {
    const why = cause instanceof Error ? `: ${cause.message}` : "";
    super(`The call of ${name} was given up after ${attempts} ${attempts === 1 ? "attempt" : "attempts"}${why}`, {
      cause,
    });
    this.attempts = attempts;
  }
}

/** What whoever publishes is told of an error. */
export function publishError(error: unknown, pool: string, { settings }: JobQueue): unknown {
  return error instanceof EngineFullError ? new QueueFullError(pool, settings.limit) : error;
}
