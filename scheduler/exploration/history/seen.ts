/**
 * The places where a search has been: which operations were done, and the state then.
 *
 * @module
 */

import { type Canonical, canonical } from "./structure.ts";

/** So many numbers of 32 bits the places may take: 64 MB. */
const mostWords = 1 << 24;
/** So many sets of a chain are looked at. */
const mostLinks = 200;
/** So many characters the states may take. */
const mostText = 1 << 26;

/** What can be written as numbers that tell it from others. */
export interface Written {
  /** How many numbers it writes at most. */
  readonly most: number;
  /** Writes them from a place on, and returns where they end. */
  write(into: Int32Array, at: number): number;
}

/** Which operations are done. What all the first ones are and none of the last ones is takes no room. */
export class DoneSet implements Written {
  readonly #words: Int32Array;
  /** The first word that is not full, and the last one that is not empty. */
  #low = 0;
  #high = -1;

  constructor(count: number) {
    this.#words = new Int32Array((count + 31) >> 5);
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

  write(into: Int32Array, at: number): number {
    const low = Math.min(this.#low, this.#high + 1);
    into[at++] = low;
    into[at++] = this.#high;
    for (let word = low; word <= this.#high; word++) into[at++] = this.#words[word]!;
    return at;
  }

  /** All of it, a bit for each operation. */
  get words(): Int32Array {
    return this.#words;
  }

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

/**
 * Where a search has been, in two arrays: a table of places, and the places behind each other. A place is which of the operations that
 * returned are done, and the state; it has a chain of the sets of other operations that were done when it was reached.
 *
 * Whoever has done more of those, which nobody has to do, can go on in no way that is not open to who has done fewer. So one who comes
 * to a place with all of what another one had done there need not go on.
 */
export class Seen {
  readonly #done: Written;
  readonly #optional: { readonly words: Int32Array };
  /** Of a place: its length, the first of its chain, and its numbers. Of a link: the next one, and the words of the set. */
  #words = new Int32Array(1 << 10);
  #end = 1;
  #table = new Int32Array(1 << 8);
  #count = 0;

  constructor(done: Written, optional: { readonly words: Int32Array }) {
    this.#done = done;
    this.#optional = optional;
  }

  /** Notes that the search is here, in this state. Is that new? `undefined` if there is no more room. */
  add(state: number): boolean | undefined {
    if (!this.#hasRoom(this.#done.most + 3 + this.#optional.words.length + 1)) return undefined;
    const from = this.#end;
    this.#words[from + 1] = 0;
    this.#words[from + 2] = state;
    const end = this.#done.write(this.#words, from + 3);
    this.#words[from] = end - from;
    const place = this.#find(from);
    if (place !== from) return this.#link(place, from);
    this.#end = end;
    return this.#link(place, end);
  }

  /** Adds what is done to the chain of a place, at `at`, if it is not more than something there. */
  #link(place: number, at: number): boolean {
    const words = this.#words;
    const { words: optional } = this.#optional;
    // In a long chain only the newest: to come to a place again is no fault, to look at all of a thousand takes longer.
    let left = mostLinks;
    for (let link = words[place + 1]!; link !== 0 && left > 0; link = words[link]!, left--) {
      let isMore = true;
      for (let word = 0; isMore && word < optional.length; word++) {
        isMore = (words[link + 1 + word]! & ~optional[word]!) === 0;
      }
      if (isMore) return false;
    }
    words[at] = words[place + 1]!;
    words.set(optional, at + 1);
    words[place + 1] = at;
    this.#end = at + 1 + optional.length;
    return true;
  }

  /** The place that is the same as the one written at `from`; that one, if there was none. */
  #find(from: number): number {
    let at = this.#hash(from) & (this.#table.length - 1);
    for (let other = this.#table[at]!; other !== 0; other = this.#table[at]!) {
      if (this.#isSame(other, from)) return other;
      at = (at + 1) & (this.#table.length - 1);
    }
    this.#table[at] = from;
    if (++this.#count * 2 > this.#table.length) this.#widen();
    return from;
  }

  #hasRoom(more: number): boolean {
    const needed = this.#end + more;
    if (needed > mostWords) return false;
    if (needed > this.#words.length) {
      const words = new Int32Array(Math.min(mostWords, Math.max(needed, this.#words.length * 2)));
      words.set(this.#words);
      this.#words = words;
    }
    return true;
  }

  #isSame(a: number, b: number): boolean {
    const length = this.#words[a]!;
    if (length !== this.#words[b]) return false;
    for (let index = 2; index < length; index++) if (this.#words[a + index] !== this.#words[b + index]) return false;
    return true;
  }

  #hash(from: number): number {
    let hash = 0;
    const end = from + this.#words[from]!;
    for (let at = from + 2; at < end; at++) {
      hash = Math.imul(hash ^ this.#words[at]!, 0x9e3779b1);
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
