/**
 * The kinds of sources that a loop in slices goes over.
 *
 * @module
 */

import { show } from "../../runtime/basics/check.ts";
import { ownIteration, ownLoop } from "./own_loop.ts";
import { type IndexLoop, ItemWork, type IteratorLoop, type Use, Work } from "./work.ts";

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

/** What the iterators of the language answer `for of` with. */
const givesItself = [][Symbol.iterator]()[Symbol.iterator];

/** Work over an iterator. */
class IteratorWork extends ItemWork {
  readonly #iterator: Iterator<unknown>;
  /** May it be closed? Not when it has ended or thrown. */
  isOpen = true;
  #loop: IteratorLoop | undefined = undefined;

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
      this.isOpen = false;
      const step = this.#iterator.next();
      if (step.done) return false;
      this.isOpen = true;
      if (this.done === first) this.performFirst(step.value, this.done);
      else this.perform(step.value, this.done);
      this.done++;
      if (this.#loop === undefined || this.done >= this.end) continue;
      return this.#loop(this, this.#iterator as IterableIterator<unknown>, this.done);
    }
    return true;
  }

  override settleIn(): void {
    const { return: close, [Symbol.iterator]: iterate } = this.#iterator as Partial<IterableIterator<unknown>>;
    // One that has another of its own may begin anew with it.
    const canBeClosed = close !== undefined || iterate !== givesItself;
    this.#loop = ownIteration(this.fn, this.use, canBeClosed);
  }

  override release(): boolean {
    if (this.isOpen) {
      this.isOpen = false;
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
