/**
 * What to say to the host about promises.
 *
 * @module
 */

/** A promise that is going to reject with a cancellation: if nobody awaits it, that is nothing to be told of. */
export function allowUnawaited(promise: Promise<unknown>): void {
  promise.then(undefined, ignore);
}

function ignore(): void {}
