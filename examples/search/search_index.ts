/**
 * An inverted index in typed arrays: which words stand in which files, and how often.
 *
 * Nothing in it is ever copied whole: the table of words is cut into 1,024 shards that grow one at a time, and postings lie in
 * segments. A table that doubled at once would block the loop for many slices.
 */

import { inChunks } from "./chunks.ts";
import type { Words } from "./tokenizer.ts";

const shardCount = 1024;
const segmentBits = 16;
const segmentSize = 1 << segmentBits;

/**
 * A part of the table of words: open addressing, never more than half full. A slot is four numbers: the halves of the
 * word's hash, its newest posting (0: the slot is empty), and in how many files the word stands.
 *
 * All lie in one array: thousands of small arrays would make every collection of garbage longer.
 */
interface Shard {
  readonly slots: Uint32Array;
  /** The number of slots less one, a mask. */
  readonly mask: number;
  size: number;
}

/** Where in a slot each of its numbers is; the first half of the hash is at 0. */
const lowAt = 1, headAt = 2, filesAt = 3;

function makeShard(capacity: number, size: number): Shard {
  return { slots: new Uint32Array(capacity * 4), mask: capacity - 1, size };
}

/** The place of a word's slot, or of the empty one where it belongs. */
function placeOf({ slots, mask }: Shard, high: number, low: number): number {
  for (let slot = low & mask;; slot = (slot + 1) & mask) {
    const at = slot * 4;
    if (slots[at + headAt] === 0 || (slots[at + lowAt] === low && slots[at] === high)) return at;
  }
}

/** A file that has been indexed. */
export interface IndexedFile {
  readonly path: string;
  readonly size: number;
  /** How many words it has. */
  length: number;
}

export interface Hit {
  readonly path: string;
  readonly score: number;
}

export class SearchIndex {
  readonly files: IndexedFile[] = [];
  readonly #paths: Set<string> = new Set();
  words = 0;
  postings = 0;
  #totalLength = 0;
  readonly #shards: (Shard | undefined)[] = new Array(shardCount).fill(undefined);
  /** Of each posting: the file and how often (8 bits), and the posting before it of the same word. */
  readonly #where: Uint32Array[] = [];
  readonly #next: Uint32Array[] = [];
  /** Posting 0 stands for none. */
  #last = 0;

  /** Begins a file; `add` then counts its words. */
  begin(path: string, size: number): void {
    this.files.push({ path, size, length: 0 });
    this.#paths.add(path);
  }

  /** Is there a file of exactly this path in it? */
  has(path: string): boolean {
    return this.#paths.has(path);
  }

  /** Counts a word of the newest file, `weight` times. */
  add(high: number, low: number, weight: number): void {
    const file = this.files.length - 1;
    this.files[file]!.length++;
    this.#totalLength++;
    const shard = this.#shards[high & (shardCount - 1)] ??= makeShard(64, 0);
    const at = placeOf(shard, high, low);
    const head = shard.slots[at + headAt]!;
    if (head !== 0) return this.#count(shard, at, head, file, weight);
    shard.slots[at] = high;
    shard.slots[at + lowAt] = low;
    this.words++;
    this.#post(shard, at, 0, file, weight);
    if (++shard.size * 2 > shard.mask) this.#grow(high & (shardCount - 1), shard);
  }

  /** The best files for a query, best first, scored in slices. */
  search(words: Words, limit: number): Promise<Hit[]> {
    return inChunks("search", () => this.#score(words, limit));
  }

  /** The same, in one piece: until it is done the loop does nothing else. It is here to be compared. */
  searchAtOnce(words: Words, limit: number): Hit[] {
    const scoring = this.#score(words, limit);
    for (;;) {
      const { done, value } = scoring.next();
      if (done) return value;
    }
  }

  /** Scores the files (BM25); it may be interrupted wherever it yields. */
  *#score(words: Words, limit: number): Generator<void, Hit[]> {
    const { files } = this;
    const scores = new Float32Array(files.length);
    const matched = new Uint8Array(files.length);
    const average = this.#totalLength / Math.max(1, files.length);
    const found: number[] = [];
    for (const [high, low] of words) {
      const [head, count] = this.#find(high, low);
      const rarity = Math.log(1 + (files.length - count + 0.5) / (count + 0.5));
      for (let posting = head; posting !== 0; posting = this.#nextOf(posting)) {
        const where = this.#where[posting >>> segmentBits]![posting & (segmentSize - 1)]!;
        const file = where >>> 8;
        // Files that came while the query ran are not in it.
        if (file >= scores.length) continue;
        const times = where & 255;
        const norm = 0.3 + 0.9 * (files[file]!.length / average);
        if (matched[file]! === 0) found.push(file);
        matched[file]!++;
        scores[file]! += rarity * (times * 2.2) / (times + norm);
        yield;
      }
    }
    const best: Hit[] = [];
    for (const file of found) {
      // A file with all words stands before one with many of the same.
      const score = scores[file]! * (matched[file]! / words.length) ** 2;
      insert(best, { path: files[file]!.path, score }, limit);
      yield;
    }
    return best;
  }

  #find(high: number, low: number): [head: number, files: number] {
    const shard = this.#shards[high & (shardCount - 1)];
    if (shard === undefined) return [0, 0];
    const at = placeOf(shard, high, low);
    return [shard.slots[at + headAt]!, shard.slots[at + filesAt]!];
  }

  #nextOf(posting: number): number {
    return this.#next[posting >>> segmentBits]![posting & (segmentSize - 1)]!;
  }

  #count(shard: Shard, at: number, head: number, file: number, weight: number): void {
    const segment = this.#where[head >>> segmentBits]!;
    const where = segment[head & (segmentSize - 1)]!;
    if (where >>> 8 !== file) return this.#post(shard, at, head, file, weight);
    segment[head & (segmentSize - 1)] = file << 8 | Math.min(255, (where & 255) + weight);
  }

  #post(shard: Shard, at: number, next: number, file: number, weight: number): void {
    const posting = ++this.#last;
    const segment = posting >>> segmentBits;
    if (this.#where.length <= segment) {
      this.#where.push(new Uint32Array(segmentSize));
      this.#next.push(new Uint32Array(segmentSize));
    }
    this.#where[segment]![posting & (segmentSize - 1)] = file << 8 | weight;
    this.#next[segment]![posting & (segmentSize - 1)] = next;
    shard.slots[at + headAt] = posting;
    shard.slots[at + filesAt]!++;
    this.postings++;
  }

  #grow(number: number, old: Shard): void {
    const shard = this.#shards[number] = makeShard((old.mask + 1) * 2, old.size);
    for (let from = 0; from < old.slots.length; from += 4) {
      if (old.slots[from + headAt] === 0) continue;
      const at = placeOf(shard, old.slots[from]!, old.slots[from + lowAt]!);
      for (let field = 0; field < 4; field++) shard.slots[at + field] = old.slots[from + field]!;
    }
  }
}

/** Puts a hit into a list of the best, which stays short. */
function insert(best: Hit[], hit: Hit, limit: number): void {
  if (best.length === limit && hit.score <= best[limit - 1]!.score) return;
  let at = best.length;
  while (at > 0 && best[at - 1]!.score < hit.score) at--;
  best.splice(at, 0, hit);
  if (best.length > limit) best.pop();
}
