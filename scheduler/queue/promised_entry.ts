/**
 * Entries of the run queue with a promise that they settle in their turn.
 *
 * @module
 */

import { Entry } from "./entry.ts";

/** What has a promise and settles it. */
export interface Promised<T> {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: unknown) => void;
}

let resolveLast: (value: never) => void;
let rejectLast: (error: unknown) => void;

/** One executor for all these promises: a function of its own for each is what a turn can be without. */
function keepSettlers(resolve: (value: never) => void, reject: (error: unknown) => void): void {
  resolveLast = resolve;
  rejectLast = reject;
}

/** Gives a promise to what settles it; for kinds of entries that cannot be a {@linkcode PromisedEntry}. */
export function givePromise<T>(entry: Promised<T>): void {
  entry.promise = new Promise<T>(keepSettlers);
  entry.resolve = resolveLast as (value: T) => void;
  entry.reject = rejectLast;
}

/** An entry with a promise. */
export abstract class PromisedEntry<T> extends Entry implements Promised<T> {
  promise!: Promise<T>;
  resolve!: (value: T) => void;
  reject!: (error: unknown) => void;

  constructor() {
    super();
    givePromise(this);
  }
}
