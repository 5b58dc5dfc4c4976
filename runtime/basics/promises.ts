/**
 * What to know of promises, and what to say to the host about them.
 *
 * @module
 */

/** Is a value one that `await` would wait for? A getter `then` of it may throw. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as Partial<PromiseLike<unknown>> | null | undefined)?.then === "function";
}

/** A promise that is going to reject with a cancellation: if nobody awaits it, that is nothing to be told of. */
export function allowUnawaited(promise: Promise<unknown>): void {
  promise.then(undefined, ignore);
}

function ignore(): void {}
