/**
 * Promises whose settling functions are kept elsewhere.
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
