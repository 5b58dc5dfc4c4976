/**
 * What chunked work goes over, as the job sees it: something that does items until it is told to stop.
 *
 * @module
 */

import { isThenable } from "../../runtime/basics/promises.ts";

/** Work of many items. */
export abstract class Work {
  /** How many items are done. */
  done = 0;
  /**
   * How many items are to be done before the next look at the clock. It is looked at for each item, so that a cancellation in the
   * middle can put it back to 0.
   */
  end = 0;

  /** How many items there are, where that is known. */
  get total(): number | undefined {
    return undefined;
  }

  /** Does items until `done` is `end`; answers whether there may be more. */
  abstract advance(): boolean;

  /** The work is known to be long, and of small items: is there a faster way of doing it? */
  settleIn(): void {}

  /** The work is given up: what it holds is released. Answers whether there is more to be released, in another turn. */
  release(): boolean {
    return false;
  }
}

/** What becomes of what the callback returns. */
export type Use = "each" | "map" | "reduce";

/** Work that calls a callback for each item of a source. */
export abstract class ItemWork extends Work {
  readonly fn: (...parameters: unknown[]) => unknown;
  readonly use: Use;
  /** The array of results, or the value accumulated so far. */
  result: unknown;

  constructor(fn: (...parameters: unknown[]) => unknown, use: Use, result: unknown) {
    super();
    this.fn = fn;
    this.use = use;
    this.result = result;
  }

  /** Calls the callback for one item. */
  protected perform(value: unknown, index: number): unknown {
    const { fn } = this;
    switch (this.use) {
      case "each":
        return fn(value, index);
      case "map": {
        const result = fn(value, index);
        (this.result as unknown[]).push(result);
        return result;
      }
      default:
        return this.result = fn(this.result, value, index);
    }
  }

  /** Calls the callback for the first item of a stride, and looks at what it returns: a look at each would cost as much as an item. */
  protected performFirst(value: unknown, index: number): void {
    const result = this.perform(value, index);
    if (!isThenable(result)) return;
    result.then(undefined, () => {});
    throw new TypeError(
      "The callback of chunked work has to be synchronous, this one returned a promise: use mapConcurrent",
    );
  }
}

/** Does items of a source by their index, from `at` until `work.done` is `work.end`. */
export type IndexLoop = (work: ItemWork, source: ArrayLike<unknown>, at: number) => void;

/** Does items of an iterator until `work.done` is `work.end`; answers whether there may be more. */
export type IteratorLoop = (work: ItemWork, items: IterableIterator<unknown>, at: number) => boolean;
