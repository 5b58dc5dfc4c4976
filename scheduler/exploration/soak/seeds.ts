/**
 * Which seeds a soak runs, in blocks.
 *
 * @module
 */

import { checkCount, checkOptions, show } from "../../../runtime/basics/check.ts";

/** Which seeds are run: so many from 0, so many from another one, or these. */
export type Seeds = number | readonly number[] | { readonly from?: number; readonly count?: number };

/** Seeds that are run one after the other, by one thread. */
export interface Block {
  /** The place of the block among all. */
  readonly index: number;
  /** The place of its first seed among all. */
  readonly first: number;
  readonly seeds: readonly number[];
}

/** The keys of a range of seeds. */
const rangeKeys = `from count`.split(" ");

/** How many seeds there are where nothing else bounds the soak. */
const defaultCount = 1000;

/** How many seeds a block has: to begin one takes a fifth of a millisecond, and the last ones keep all threads busy only if they are short. */
export const blockSize = 16;

/** The seeds in ascending order. */
export class SeedList {
  /** How many there are; may be `Infinity`. */
  readonly count: number;
  readonly #from: number;
  readonly #list: readonly number[] | undefined;

  /** Checks what the caller has given. */
  constructor(seeds: Seeds | undefined, isBounded: boolean) {
    const fallback = isBounded ? Infinity : defaultCount;
    if (Array.isArray(seeds)) {
      const list = seeds as readonly unknown[];
      if (list.length === 0) throw new RangeError("There has to be at least one seed: received none");
      for (const seed of list) checkSeed(seed);
      this.#list = [...new Set(list as readonly number[])].sort((a, b) => a - b);
      this.#from = 0;
      this.count = this.#list.length;
      return;
    }
    if (typeof seeds === "object" && seeds !== null) {
      checkOptions(seeds, "seeds", rangeKeys);
      const { from = 0, count = fallback } = seeds as { from?: number; count?: number };
      checkSeed(from);
      checkCount(count, "The count of seeds", 1);
      [this.#from, this.count] = [from, count];
      return;
    }
    const count = seeds ?? fallback;
    if (typeof count !== "number") {
      throw new TypeError(`seeds is a number, a list of seeds, or { from, count }: received ${show(count)}`);
    }
    checkCount(count, "The number of seeds", 1);
    [this.#from, this.count] = [0, count];
  }

  /** The block at a place; `undefined` where there is none any more. */
  block(index: number): Block | undefined {
    const first = index * blockSize;
    const length = Math.min(blockSize, this.count - first);
    if (length <= 0) return undefined;
    const seeds = this.#list?.slice(first, first + length) ??
      Array.from({ length }, (_, at) => this.#from + first + at);
    return { index, first, seeds };
  }
}

function checkSeed(seed: unknown): void {
  if (!Number.isSafeInteger(seed)) throw new TypeError(`A seed has to be an integer: received ${show(seed)}`);
}
