/**
 * What a loop in slices is told.
 *
 * @module
 */

import { checkDuration, checkFunction, checkName, checkOptions } from "../../runtime/basics/check.ts";
import { checkPriority, type Priority } from "../queue/priority.ts";
import { checkSignal } from "../scopes/foreign_signal.ts";

/** How chunked work is to be done. */
export interface ChunkedOptions {
  /** The priority of its turns. Default: that of the current task, else "user-visible". */
  priority?: Priority;
  /** How long it may run in one turn, in ms; the slice of the whole loop bounds it too. Default: that slice. */
  sliceTime?: number;
  /** Stops the work between two items; the promise then rejects with the signal's reason itself. */
  signal?: AbortSignal;
  /** A name for messages. Default: none. */
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

/** Checks the options of chunked work; `more` are those that only `what` has. */
export function checkChunkedOptions(options: ChunkedOptions, what: string, more: readonly string[] = []): void {
  checkOptions(options, what, ["priority", "sliceTime", "signal", "name", "onProgress", "onSlowItem", ...more]);
  checkPriority(options.priority);
  if (options.sliceTime !== undefined) checkDuration(options.sliceTime, "The slice time");
  checkSignal(options.signal);
  checkName(options.name);
  if (options.onProgress !== undefined) checkFunction(options.onProgress, "onProgress");
  if (options.onSlowItem !== undefined) checkFunction(options.onSlowItem, "onSlowItem");
}
