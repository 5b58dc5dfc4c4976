/**
 * Promises whose settling functions are kept by the entry that settles them.
 *
 * The plain form is a base class with a promise, `resolve` and `reject` as fields. It made `checkpoint()` dearer by a third on Node 26: a
 * constructor that five classes share stores into objects of five shapes. So each class has its own fields, and takes the functions of
 * the promise that it has just made, in the next lines.
 *
 * @module
 */

/** What the promise made last with {@linkcode keepSettlers} is settled with. */
export let resolveLast: (value?: unknown) => void;
export let rejectLast: (error: unknown) => void;

/** One executor for all promises of the run queue: a function of its own for each is what a turn can be without. */
export function keepSettlers(resolve: (value: never) => void, reject: (error: unknown) => void): void {
  resolveLast = resolve as (value?: unknown) => void;
  rejectLast = reject;
}
