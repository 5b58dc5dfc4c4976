/**
 * CPU work in slices: synchronous loops that the run queue may interrupt between two items.
 *
 * ```
 *   queued ──its turn──> running items ──the slice is over──> queued ──> ... ──> done
 * ```
 *
 * @module
 */

import { checkDuration, checkFunction, checkName, checkOptions, show } from "./check.ts";
import { drive } from "./chunked_job.ts";
import { type ItemWork, StepWork, workOver } from "./chunked_work.ts";
import { checkSignal } from "./join_signal.ts";
import { checkPriority, type Priority } from "./run_queue.ts";

/** How chunked work is to be done. */
export interface ChunkedOptions {
  /** The priority of its turns. Default: that of the current task, else "user-visible". */
  priority?: Priority;
  /** How long it may run in one turn, in ms; the slice of the whole loop bounds it too. Default: that slice. */
  sliceTime?: number;
  /** Stops the work between two items; the promise then rejects with the signal's reason itself. */
  signal?: AbortSignal;
  /** A name for messages. */
  name?: string;
  /**
   * Called between two slices, at most every 100 ms, and once at the end, also of work that was cancelled. What it throws stops the
   * work.
   */
  onProgress?: (progress: ChunkedProgress) => void;
  /**
   * Called with the first item that takes longer than the slice, in which nothing else can run; with one of a stride of cheap items
   * if it takes five slices, because the clock is not read for each. Default: where it took twice as long it is printed to the error
   * stream, with a hint to give such work to a `WorkerPool`.
   */
  onSlowItem?: (item: SlowItem) => void;
}

/** How `mapChunked` is to be done. */
export interface MapChunkedOptions<R> extends ChunkedOptions {
  /** The array to put the results into. Keep it, and when the work is cancelled it has the results so far. Default: a new one. */
  into?: R[];
}

/** An item that took longer than the slice. */
export interface SlowItem {
  /** Its place among the items; of a generator, the number of its `yield`. */
  readonly index: number;
  /** 1 where the item is known; else it is one of so many from `index` on. */
  readonly count: number;
  /** How long it took, in ms. */
  readonly duration: number;
  /** The name given to the work. */
  readonly name: string | undefined;
}

/** How far chunked work has come. */
export interface ChunkedProgress {
  /** Items done. */
  readonly done: number;
  /** Items in all, where that is known. */
  readonly total: number | undefined;
  /** Items a second, waiting included. */
  readonly rate: number;
  /** How long the rest will take, in ms, where the total is known. */
  readonly remaining: number | undefined;
}

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
  checkChunkedOptions(options);
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
  checkChunkedOptions(options);
  const { into = [] } = options;
  if (!Array.isArray(into)) throw new TypeError(`The array to put results into is none: received ${show(into)}`);
  return drive(workOver(source, fn, "map", into), options).then(() => into);
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
  checkChunkedOptions(options);
  const work: ItemWork = workOver(source, fn, "reduce", initial);
  return drive(work, options).then(() => work.result as A);
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
  checkChunkedOptions(options);
  const steps: Generator<unknown, T, undefined> = generator();
  if (typeof steps?.next !== "function" || typeof steps[Symbol.iterator] !== "function") {
    throw new TypeError(`runChunked takes a generator function (function*): received ${show(generator)}`);
  }
  const work = new StepWork(steps);
  return drive(work, options).then(() => work.result as T);
}

function checkChunkedOptions(options: ChunkedOptions): void {
  checkOptions(options);
  checkPriority(options.priority);
  if (options.sliceTime !== undefined) checkDuration(options.sliceTime, "The slice time");
  checkSignal(options.signal);
  checkName(options.name);
  if (options.onProgress !== undefined) checkFunction(options.onProgress, "onProgress");
  if (options.onSlowItem !== undefined) checkFunction(options.onSlowItem, "onSlowItem");
}
