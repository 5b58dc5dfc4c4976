/**
 * What chunked work goes over, as the job sees it: something that does items until it is told to stop.
 *
 * @module
 */

import { show } from "./check.ts";
import { ownLoop } from "./chunked_loop.ts";

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
    if (typeof (result as PromiseLike<unknown> | null | undefined)?.then !== "function") return;
    (result as PromiseLike<unknown>).then(undefined, () => {});
    throw new TypeError(
      "The callback of chunked work has to be synchronous, this one returned a promise: use mapConcurrent",
    );
  }
}

/** Does items of a source by their index, from `at` until `work.done` is `work.end`. */
export type IndexLoop = (work: ItemWork, source: ArrayLike<unknown>, at: number) => void;

/** Work over what has a length, a count or an array. */
class IndexedWork extends ItemWork {
  /** `undefined` for a count. */
  readonly #source: ArrayLike<unknown> | undefined;
  readonly #count: number;
  #loop: IndexLoop | undefined = undefined;

  constructor(
    source: ArrayLike<unknown> | number,
    fn: (...parameters: unknown[]) => unknown,
    use: Use,
    result: unknown,
  ) {
    super(fn, use, result);
    const isCount = typeof source === "number";
    this.#source = isCount ? undefined : source;
    this.#count = isCount ? source : 0;
  }

  override get total(): number {
    return this.#source?.length ?? this.#count;
  }

  override advance(): boolean {
    const at = this.done;
    const source = this.#source;
    if (this.end > this.total) this.end = this.total;
    if (at >= this.end) return false;
    this.performFirst(source === undefined ? at : source[at], at);
    if (this.#loop !== undefined) this.#loop(this, source!, at + 1);
    else if (source === undefined) this.#countUp(at + 1);
    else this.#array(source, at + 1);
    return this.done < this.total;
  }

  override settleIn(): void {
    this.#loop = ownLoop(this.fn, this.use, this.#source === undefined);
  }

  #countUp(at: number): void {
    try {
      for (; at < this.end; at++) this.perform(at, at);
    } finally {
      this.done = at;
    }
  }

  #array(source: ArrayLike<unknown>, at: number): void {
    try {
      for (; at < this.end && at < source.length; at++) this.perform(source[at], at);
    } finally {
      this.done = at;
    }
  }
}

/** Work over an iterator. */
class IteratorWork extends ItemWork {
  readonly #iterator: Iterator<unknown>;
  #isOpen = true;

  constructor(
    iterator: Iterator<unknown>,
    fn: (...parameters: unknown[]) => unknown,
    use: Use,
    result: unknown,
  ) {
    super(fn, use, result);
    this.#iterator = iterator;
  }

  override advance(): boolean {
    const first = this.done;
    while (this.done < this.end) {
      // An iterator that throws or ends is not to be closed.
      this.#isOpen = false;
      const step = this.#iterator.next();
      if (step.done) return false;
      this.#isOpen = true;
      if (this.done === first) this.performFirst(step.value, this.done);
      else this.perform(step.value, this.done);
      this.done++;
    }
    return true;
  }

  override release(): boolean {
    if (this.#isOpen) {
      this.#isOpen = false;
      this.#iterator.return?.();
    }
    return false;
  }
}

/** The work of a generator function: each `yield` is an item. */
export class StepWork extends Work {
  readonly #steps: Generator<unknown, unknown, undefined>;
  #state: "open" | "ended" | "releasing" = "open";
  /** What the generator returned. */
  result: unknown = undefined;

  constructor(steps: Generator<unknown, unknown, undefined>) {
    super();
    this.#steps = steps;
  }

  override advance(): boolean {
    while (this.done < this.end) {
      const step = this.#steps.next();
      if (step.done) {
        this.#state = "ended";
        this.result = step.value;
        return false;
      }
      this.done++;
    }
    return true;
  }

  override release(): boolean {
    if (this.#state === "ended") return false;
    const isFirst = this.#state === "open";
    this.#state = "releasing";
    const step = isFirst ? this.#steps.return(undefined) : this.#steps.next();
    if (step.done) this.#state = "ended";
    return !step.done;
  }
}

/** The work of calling `fn` for each item of a source. */
export function workOver(
  source: unknown,
  // The callbacks of the public functions, whose types differ; each is called with what it expects.
  fn: (...parameters: never[]) => unknown,
  use: Use,
  result?: unknown,
): ItemWork {
  const call = fn as (...parameters: unknown[]) => unknown;
  if (typeof source === "number") {
    if (!Number.isInteger(source) || source < 0) {
      throw new RangeError(`A count has to be a whole number of at least 0: received ${source}`);
    }
    return new IndexedWork(source, call, use, result);
  }
  if (isArrayLike(source)) return new IndexedWork(source, call, use, result);
  if (typeof (source as Iterable<unknown> | null | undefined)?.[Symbol.iterator] === "function") {
    return new IteratorWork((source as Iterable<unknown>)[Symbol.iterator](), call, use, result);
  }
  throw new TypeError(`Chunked work goes over a count, an iterable or an array-like: received ${show(source)}`);
}

/** Is `source` to be gone over by its indexes? An array with an iterator of its own is not. */
function isArrayLike(source: unknown): source is ArrayLike<unknown> {
  if (Array.isArray(source)) return source[Symbol.iterator] === Array.prototype[Symbol.iterator];
  if (ArrayBuffer.isView(source) && !(source instanceof DataView)) return true;
  return typeof source === "object" && source !== null && !(Symbol.iterator in source) &&
    Number.isInteger((source as ArrayLike<unknown>).length) && (source as ArrayLike<unknown>).length >= 0;
}
