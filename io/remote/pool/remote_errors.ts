/**
 * The errors of calls to other machines.
 *
 * @module
 */

/** Nobody serves the pool. */
export class NoWorkerError extends Error {
  /** "NoWorkerError". */
  override readonly name = "NoWorkerError";

  /** Made by the library. */
  constructor(pool: string, name: string) {
    super(`Nobody serves ${pool}, which the call of ${name} is for`);
  }
}

/** A call was tried as often as it may be. It lies among the dead letters of its pool; `cause` is what the last try came to. */
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
