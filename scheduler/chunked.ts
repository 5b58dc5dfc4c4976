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
import { checkSignal, joinSignal } from "./join_signal.ts";
import { loop } from "./loop.ts";
import { checkPriority, laneOf, type Priority } from "./run_queue.ts";
import { currentScope, deliver, Scope } from "./scope.ts";
import { turnIn } from "./turn.ts";

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
  /** Called between two slices, at most every 100 ms, and once at the end. What it throws stops the work. */
  onProgress?: (progress: ChunkedProgress) => void;
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
 * turn is a checkpoint.
 *
 * @throws {TypeError} or {RangeError} at the call, for arguments of a wrong kind or range.
 * @throws {TypeError} (rejection) when `fn` returns a promise: use `mapConcurrent` for asynchronous work.
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
  return drive(workOver(source, fn as (value: unknown, index: number) => unknown), options);
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
  options?: ChunkedOptions,
): Promise<R[]>;
/** The form for items. */
export function mapChunked<T, R>(
  source: ChunkedSource<T>,
  fn: (value: T, index: number) => R,
  options?: ChunkedOptions,
): Promise<R[]>;
export function mapChunked<T, R>(
  source: number | ChunkedSource<T>,
  fn: (value: T, index: number) => R,
  options: ChunkedOptions = {},
): Promise<R[]> {
  checkFunction(fn, "The callback of mapChunked");
  checkChunkedOptions(options);
  const results: R[] = [];
  const work = workOver(source, (value, index) => {
    const result = fn(value as T, index);
    results.push(result);
    return result;
  });
  return drive(work, options).then(() => results);
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
  let accumulated = initial;
  const work = workOver(source, (value, index) => accumulated = fn(accumulated, value as T, index));
  return drive(work, options).then(() => accumulated);
}

/**
 * Runs a generator in slices: each `yield` is a place where it may be interrupted. Resolves to what it returns. When it
 * is cancelled, its `finally` blocks run.
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
  let result: T;
  const work: Work = {
    total: undefined,
    advance(count) {
      for (let index = 0; index < count; index++) {
        const step = steps.next();
        if (step.done) {
          result = step.value;
          return index;
        }
      }
      return count;
    },
    stop: () => void steps.return(undefined as T),
  };
  return drive(work, options).then(() => result);
}

/** Work of many items, as the driver sees it. */
interface Work {
  readonly total: number | undefined;
  /** Does up to `count` items and answers how many it did; fewer means that there are no more. */
  advance(count: number): number;
  /** The work is given up: what it holds is to be released. */
  stop(): void;
}

/** How often progress is reported, in ms. */
const progressInterval = 100;

/**
 * How long to go on without a look at the clock, in ms. Long enough that the look costs 2 %, and short enough that
 * items that become a thousand times dearer cost no more than another slice.
 */
const strideTime = 0.002;

/** Does the work in turns of the run queue. Waiting for each turn keeps the async context and is the checkpoint. */
async function drive(work: Work, options: ChunkedOptions): Promise<void> {
  const { signal, sliceTime = Infinity, onProgress } = options;
  if (signal?.aborted) {
    work.stop();
    throw signal.reason;
  }
  const { queue, host } = loop();
  const outer = currentScope();
  const scope = signal === undefined ? outer : new Scope(outer);
  const leaveSignal = signal && joinSignal(scope!, signal);
  const lane = options.priority && laneOf(options.priority);
  const began = host.now();
  let reported = began;
  let done = 0;
  let stride = 1;
  let finished = false;
  try {
    while (!finished) {
      await turnIn(scope, lane);
      let now = host.now();
      const end = Math.min(queue.sliceEnd, now + sliceTime);
      do {
        const count = work.advance(stride);
        done += count;
        if (count < stride) {
          finished = true;
          break;
        }
        if (scope?.effective !== undefined) throw deliver(scope);
        const time = host.now();
        const took = time - now;
        now = time;
        if (took < strideTime) stride = Math.min(stride * 2, 1 << 20);
        else if (took > 2 * strideTime) stride = Math.max(1, Math.floor(stride * strideTime / took));
      } while (now < end);
      if (onProgress !== undefined && (finished || now - reported >= progressInterval)) {
        reported = now;
        onProgress(progressOf(done, work.total, now - began));
      }
    }
  } catch (error) {
    work.stop();
    if (signal !== undefined && error === scope!.request) throw signal.reason;
    throw error;
  } finally {
    leaveSignal?.();
    if (signal !== undefined) scope!.close();
  }
}

function progressOf(done: number, total: number | undefined, elapsed: number): ChunkedProgress {
  const rate = elapsed > 0 ? done / elapsed * 1000 : 0;
  const remaining = total === undefined || rate === 0 ? undefined : (total - done) / rate * 1000;
  return { done, total, rate, remaining };
}

/** The work of calling `fn` for each item of a source. */
function workOver(source: unknown, fn: (value: unknown, index: number) => unknown): Work {
  if (typeof source === "number") {
    if (!Number.isInteger(source) || source < 0) {
      throw new RangeError(`A count has to be a whole number of at least 0: received ${source}`);
    }
    return workOverCount(source, fn);
  }
  if (isArrayLike(source)) return workOverArray(source, fn);
  if (typeof (source as Iterable<unknown> | null | undefined)?.[Symbol.iterator] === "function") {
    return workOverIterator((source as Iterable<unknown>)[Symbol.iterator](), fn);
  }
  throw new TypeError(`Chunked work goes over a count, an iterable or an array-like: received ${show(source)}`);
}

function workOverCount(total: number, fn: (value: unknown, index: number) => unknown): Work {
  let index = 0;
  return {
    total,
    advance(count) {
      const start = index;
      if (count === 1 && start < total) {
        refusePromise(fn(start, start));
        return ++index - start;
      }
      const end = Math.min(start + count, total);
      let at = start;
      try {
        for (; at < end; at++) fn(at, at);
      } finally {
        index = at;
      }
      return end - start;
    },
    stop() {},
  };
}

function workOverArray(source: ArrayLike<unknown>, fn: (value: unknown, index: number) => unknown): Work {
  let index = 0;
  return {
    total: source.length,
    advance(count) {
      const start = index;
      const end = Math.min(start + count, source.length);
      if (count === 1 && start < end) {
        refusePromise(fn(source[start], start));
        return ++index - start;
      }
      for (let at = start; at < end; at++) fn(source[at], at);
      index = end;
      return end - start;
    },
    stop() {},
  };
}

function workOverIterator(iterator: Iterator<unknown>, fn: (value: unknown, index: number) => unknown): Work {
  let index = 0;
  let ended = false;
  return {
    total: undefined,
    advance(count) {
      for (let did = 0; did < count; did++) {
        let step: IteratorResult<unknown>;
        try {
          step = iterator.next();
        } catch (error) {
          ended = true;
          throw error;
        }
        if (step.done) {
          ended = true;
          return did;
        }
        const result = fn(step.value, index++);
        if (count === 1) refusePromise(result);
      }
      return count;
    },
    stop() {
      if (!ended) iterator.return?.();
      ended = true;
    },
  };
}

/**
 * Refuses a callback that is asynchronous: its items would all be started at once. Looked at for items that are done
 * one at a time, as the first one is, because a look at each would cost as much as a small item.
 */
function refusePromise(result: unknown): void {
  if (typeof (result as PromiseLike<unknown> | null | undefined)?.then !== "function") return;
  (result as PromiseLike<unknown>).then(undefined, () => {});
  throw new TypeError(
    "The callback of chunked work has to be synchronous, this one returned a promise: use mapConcurrent",
  );
}

function isArrayLike(source: unknown): source is ArrayLike<unknown> {
  if (Array.isArray(source) || (ArrayBuffer.isView(source) && !(source instanceof DataView))) return true;
  return typeof source === "object" && source !== null && !(Symbol.iterator in source) &&
    Number.isInteger((source as ArrayLike<unknown>).length) && (source as ArrayLike<unknown>).length >= 0;
}

function checkChunkedOptions(options: ChunkedOptions): void {
  checkOptions(options);
  checkPriority(options.priority);
  if (options.sliceTime !== undefined) {
    checkDuration(options.sliceTime, "The slice time");
  }
  checkSignal(options.signal);
  checkName(options.name);
  if (options.onProgress !== undefined) checkFunction(options.onProgress, "onProgress");
}
