/**
 * The error of a supervisor that gives up.
 *
 * @module
 */

/** A supervisor had to start tasks again more often than its policy allows. */
export class SupervisorError extends AggregateError {
  /** "SupervisorError". */
  override readonly name = "SupervisorError";

  /** Made by the library; `errors` are the failures that were counted, in order, and `cause` is the last of them. */
  constructor(message: string, errors: readonly unknown[]) {
    super(errors, message, errors.length > 0 ? { cause: errors.at(-1) } : undefined);
  }
}
