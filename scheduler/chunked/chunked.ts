/**
 * CPU work in slices: synchronous loops that the run queue may interrupt between two items.
 *
 * ```
 *   queued ──its turn──> running items ──the slice is over──> queued ──> ... ──> done
 * ```
 *
 * @module
 */

import { checkFunction, show } from "../../runtime/basics/check.ts";
import { drive } from "./job.ts";
import { checkChunkedOptions, type ChunkedOptions, type MapChunkedOptions } from "./options.ts";
import { StepWork, workOver } from "./sources.ts";
import type { ItemWork } from "./work.ts";

/** What chunked work goes over: items, or the whole numbers below a count. */
export type ChunkedSource<T> = Iterable<T> | ArrayLike<T>;

/**
 * Calls `fn(value, index)` for each item of an iterable or array-like, or `fn(index, index)` for each whole number below a
 * count, in slices: timers, I/O and other tasks get the loop in between. The first slice has a turn of its own. Each
 * turn is a checkpoint, and a cancellation in the middle of an item stops the work after it. An array is gone over as `for...of`
 * does it: by its length at each moment, holes as `undefined`. An iterator is closed when the work stops before its end.
 *
 * @throws {TypeError} or {RangeError} at the call, for arguments of a wrong kind or range.
 * @throws {TypeError} (rejection) when `fn` returns a promise: use `mapConcurrent` for asynchronous work.
 * @throws (rejection) what `fn` or the iterator throws; the reason of `options.signal`; `Cancelled` when the scope is cancelled.
 *
 * @example
 * ```ts
 * import { forEachChunked } from "@millrace/millrace";
 *
 * let sum = 0;
 * await forEachChunked(1_000_000, (index) => {
 *   sum += index;
 * });
 * console.log(sum);
 * ```
 */
export function forEachChunked(
  source: number,
  fn: (index: number, same: number) => void,
  options?: ChunkedOptions,
): Promise<void>;
/** The form for items. */
export function forEachChunked<T>(
  source: ChunkedSource<T>,
  fn: (value: T, index: number) => void,
  options?: ChunkedOptions,
): Promise<void>;
export function forEachChunked<T>(
  source: number | ChunkedSource<T>,
  fn: (value: T, index: number) => void,
  options: ChunkedOptions = {},
): Promise<void> {
  checkFunction(fn, "The callback of forEachChunked");
  checkChunkedOptions(options, "forEachChunked");
  return drive(workOver(source, fn, "each"), options);
}

/**
 * Like {@linkcode forEachChunked}, and resolves to an array of what `fn` returned, in order.
 *
 * @example
 * ```ts
 * import { mapChunked } from "@millrace/millrace";
 *
 * console.log(await mapChunked(["a", "b"], (value, index) => value + index));
 * ```
 */
export function mapChunked<R>(
  source: number,
  fn: (index: number, same: number) => R,
  options?: MapChunkedOptions<R>,
): Promise<R[]>;
/** The form for items. */
export function mapChunked<T, R>(
  source: ChunkedSource<T>,
  fn: (value: T, index: number) => R,
  options?: MapChunkedOptions<R>,
): Promise<R[]>;
export function mapChunked<T, R>(
  source: number | ChunkedSource<T>,
  fn: (value: T, index: number) => R,
  options: MapChunkedOptions<R> = {},
): Promise<R[]> {
  checkFunction(fn, "The callback of mapChunked");
  checkChunkedOptions(options, "mapChunked", ["into"]);
  const { into = [] } = options;
  if (!Array.isArray(into)) throw new TypeError(`The option into has to be an array: received ${show(into)}`);
  return drive(workOver(source, fn, "map", into), options, () => into);
}

/**
 * Folds the items into one value, `fn(accumulated, value, index)`, in slices like {@linkcode forEachChunked}.
 *
 * @example
 * ```ts
 * import { reduceChunked } from "@millrace/millrace";
 *
 * console.log(await reduceChunked([1, 2, 3], (sum, value) => sum + value, 0));
 * ```
 */
export function reduceChunked<A>(
  source: number,
  fn: (accumulated: A, index: number, same: number) => A,
  initial: A,
  options?: ChunkedOptions,
): Promise<A>;
/** The form for items. */
export function reduceChunked<T, A>(
  source: ChunkedSource<T>,
  fn: (accumulated: A, value: T, index: number) => A,
  initial: A,
  options?: ChunkedOptions,
): Promise<A>;
export function reduceChunked<T, A>(
  source: number | ChunkedSource<T>,
  fn: (accumulated: A, value: T, index: number) => A,
  initial: A,
  options: ChunkedOptions = {},
): Promise<A> {
  checkFunction(fn, "The callback of reduceChunked");
  checkChunkedOptions(options, "reduceChunked");
  const work: ItemWork = workOver(source, fn, "reduce", initial);
  return drive(work, options, () => work.result as A);
}

/**
 * Runs a generator in slices: each `yield` is a place where it may be interrupted. Resolves to what it returns. When it
 * is cancelled, its `finally` blocks run to their end, in slices too.
 *
 * @throws {TypeError} at the call, for what is no generator function.
 *
 * @example
 * ```ts
 * import { runChunked } from "@millrace/millrace";
 *
 * const count = await runChunked(function* () {
 *   let found = 0;
 *   for (let n = 2; n < 10_000; n++) {
 *     if (n % 7 === 0) found++;
 *     yield;
 *   }
 *   return found;
 * });
 * console.log(count);
 * ```
 */
export function runChunked<T>(
  generator: () => Generator<unknown, T, undefined>,
  options: ChunkedOptions = {},
): Promise<T> {
  checkFunction(generator, "What runChunked runs");
  checkChunkedOptions(options, "runChunked");
  const steps: Generator<unknown, T, undefined> = generator();
  if (typeof steps?.next !== "function" || typeof steps[Symbol.iterator] !== "function") {
    throw new TypeError(`runChunked takes a generator function (function*): received ${show(generator)}`);
  }
  const work = new StepWork(steps);
  return drive(work, options, () => work.result as T);
}
