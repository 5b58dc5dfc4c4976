/**
 * The places where a search has been: which operations were done, and the state then.
 *
 * @module
 */

import { type Canonical, canonical } from "./structure.ts";

/** So many numbers of 32 bits the places may take: 64 MB. */
const mostWords = 1 << 24;
/** So many characters the states may take. */
const mostText = 1 << 26;

/** Which operations are done. What all the first ones are and none of the last ones is takes no room. */
export class DoneSet {
  readonly #words: Int32Array;
  /** The first word that is not full, and the last one that is not empty. */
  #low = 0;
  #high = -1;

  constructor(count: number) {
    this.#words = new Int32Array((count >> 5) + 1);
  }

  add(index: number): void {
    const word = index >> 5;
    this.#words[word]! |= 1 << (index & 31);
    if (word > this.#high) this.#high = word;
    while (this.#words[this.#low] === -1) this.#low++;
  }

  delete(index: number): void {
    const word = index >> 5;
    this.#words[word]! &= ~(1 << (index & 31));
    if (word < this.#low) this.#low = word;
    while (this.#high >= 0 && this.#words[this.#high] === 0) this.#high--;
  }

  /** Writes what tells it from other sets into `into`; returns where that ends. */
  write(into: Int32Array, at: number): number {
    const low = Math.min(this.#low, this.#high + 1);
    into[at++] = low;
    into[at++] = this.#high;
    for (let word = low; word <= this.#high; word++) into[at++] = this.#words[word]!;
    return at;
  }

  /** How many numbers it writes at most. */
  get most(): number {
    return this.#words.length + 2;
  }
}

/** A number for each state. */
export class States {
  readonly #numbers = new Map<Canonical, number>();
  readonly #identity: (state: unknown) => Canonical;
  #text = 0;

  constructor(identity: ((state: unknown) => Canonical) | undefined) {
    this.#identity = identity ?? canonical;
  }

  numberOf(state: unknown): number {
    const identity = this.#identity(state);
    let number = this.#numbers.get(identity);
    if (number === undefined) {
      this.#numbers.set(identity, number = this.#numbers.size);
      if (typeof identity === "string") this.#text += identity.length;
    }
    return number;
  }

  get isFull(): boolean {
    return this.#text > mostText;
  }
}

/** A set of lists of numbers, in two arrays: a table of places, and the lists behind each other. */
export class SeenLists {
  #lists = new Int32Array(1 << 10);
  #end = 1;
  #table = new Int32Array(1 << 8);
  #count = 0;

  /** Makes room for a list of up to `most` numbers, and returns where it has to be written, or -1 if there is no more room. */
  room(most: number): number {
    const needed = this.#end + 1 + most;
    if (needed > mostWords) return -1;
    if (needed > this.#lists.length) {
      const lists = new Int32Array(Math.min(mostWords, Math.max(needed, this.#lists.length * 2)));
      lists.set(this.#lists);
      this.#lists = lists;
    }
    return this.#end + 1;
  }

  /** What lists are written into; another one after each call of `room`. */
  get lists(): Int32Array {
    return this.#lists;
  }

  /** Keeps the list that was written into the room up to `end`, if it is new. */
  keep(end: number): boolean {
    const from = this.#end;
    this.#lists[from] = end - from - 1;
    let at = this.#hash(from) & (this.#table.length - 1);
    for (let other = this.#table[at]!; other !== 0; other = this.#table[at]!) {
      if (this.#isSame(other, from)) return false;
      at = (at + 1) & (this.#table.length - 1);
    }
    this.#table[at] = from;
    this.#end = end;
    if (++this.#count * 2 > this.#table.length) this.#widen();
    return true;
  }

  #isSame(a: number, b: number): boolean {
    const length = this.#lists[a]!;
    for (let index = 0; index <= length; index++) if (this.#lists[a + index] !== this.#lists[b + index]) return false;
    return true;
  }

  #hash(from: number): number {
    let hash = 0;
    const end = from + this.#lists[from]!;
    for (let at = from; at <= end; at++) {
      hash = Math.imul(hash ^ this.#lists[at]!, 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    return hash ^ (hash >>> 13);
  }

  #widen(): void {
    const old = this.#table;
    this.#table = new Int32Array(old.length * 2);
    for (const from of old) {
      if (from === 0) continue;
      let at = this.#hash(from) & (this.#table.length - 1);
      while (this.#table[at] !== 0) at = (at + 1) & (this.#table.length - 1);
      this.#table[at] = from;
    }
  }
}
