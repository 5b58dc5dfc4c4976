/**
 * An inverted index in typed arrays: which words stand in which files, and how often.
 *
 * Nothing in it is ever copied whole: the table of words is cut into 1,024 shards that grow one at a time, and postings lie in
 * segments. A table that doubled at once would block the loop for many slices.
 */

import { runChunked } from "../../mod.ts";

const shardCount = 1024;
const segmentBits = 16;
const segmentSize = 1 << segmentBits;

/** A part of the table of words: open addressing, never more than half full. */
interface Shard {
  capacity: number;
  size: number;
  /** The halves of the words' hashes; a slot with head 0 is empty. */
  high: Uint32Array;
  low: Uint32Array;
  /** The newest posting of the word. */
  head: Uint32Array;
  /** In how many files the word stands. */
  files: Uint32Array;
}

function makeShard(capacity: number): Shard {
  return {
    capacity,
    size: 0,
    high: new Uint32Array(capacity),
    low: new Uint32Array(capacity),
    head: new Uint32Array(capacity),
    files: new Uint32Array(capacity),
  };
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
  }

  /** Counts a word of the newest file, `weight` times. */
  add(high: number, low: number, weight: number): void {
    const file = this.files.length - 1;
    this.files[file]!.length++;
    this.#totalLength++;
    const shard = this.#shards[high & (shardCount - 1)] ??= makeShard(64);
    let slot = low & (shard.capacity - 1);
    for (;;) {
      const head = shard.head[slot]!;
      if (head === 0) break;
      if (shard.low[slot] === low && shard.high[slot] === high) return this.#count(shard, slot, head, file, weight);
      slot = (slot + 1) & (shard.capacity - 1);
    }
    shard.high[slot] = high;
    shard.low[slot] = low;
    this.words++;
    this.#post(shard, slot, 0, file, weight);
    if (++shard.size * 2 > shard.capacity) this.#grow(high & (shardCount - 1), shard);
  }

  /** The best files for a query, best first, scored (BM25) in slices. */
  search(words: readonly [high: number, low: number][], limit: number): Promise<Hit[]> {
    const { files } = this;
    const scores = new Float32Array(files.length);
    const matched = new Uint8Array(files.length);
    const average = this.#totalLength / Math.max(1, files.length);
    const found: number[] = [];
    const scoreAll = function* (index: SearchIndex): Generator<void, Hit[]> {
      for (const [high, low] of words) {
        const [head, count] = index.#find(high, low);
        const rarity = Math.log(1 + (files.length - count + 0.5) / (count + 0.5));
        for (let posting = head; posting !== 0; posting = index.#nextOf(posting)) {
          const where = index.#where[posting >>> segmentBits]![posting & (segmentSize - 1)]!;
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
    };
    return runChunked(() => scoreAll(this), { name: "search" });
  }

  #find(high: number, low: number): [head: number, files: number] {
    const shard = this.#shards[high & (shardCount - 1)];
    if (shard === undefined) return [0, 0];
    for (let slot = low & (shard.capacity - 1); shard.head[slot] !== 0; slot = (slot + 1) & (shard.capacity - 1)) {
      if (shard.low[slot] === low && shard.high[slot] === high) return [shard.head[slot]!, shard.files[slot]!];
    }
    return [0, 0];
  }

  #nextOf(posting: number): number {
    return this.#next[posting >>> segmentBits]![posting & (segmentSize - 1)]!;
  }

  #count(shard: Shard, slot: number, head: number, file: number, weight: number): void {
    const segment = this.#where[head >>> segmentBits]!;
    const where = segment[head & (segmentSize - 1)]!;
    if (where >>> 8 !== file) return this.#post(shard, slot, head, file, weight);
    segment[head & (segmentSize - 1)] = file << 8 | Math.min(255, (where & 255) + weight);
  }

  #post(shard: Shard, slot: number, next: number, file: number, weight: number): void {
    const posting = ++this.#last;
    const segment = posting >>> segmentBits;
    if (this.#where.length <= segment) {
      this.#where.push(new Uint32Array(segmentSize));
      this.#next.push(new Uint32Array(segmentSize));
    }
    this.#where[segment]![posting & (segmentSize - 1)] = file << 8 | weight;
    this.#next[segment]![posting & (segmentSize - 1)] = next;
    shard.head[slot] = posting;
    shard.files[slot]!++;
    this.postings++;
  }

  #grow(number: number, old: Shard): void {
    const shard = this.#shards[number] = makeShard(old.capacity * 2);
    shard.size = old.size;
    for (let from = 0; from < old.capacity; from++) {
      if (old.head[from] === 0) continue;
      let to = old.low[from]! & (shard.capacity - 1);
      while (shard.head[to] !== 0) to = (to + 1) & (shard.capacity - 1);
      shard.high[to] = old.high[from]!;
      shard.low[to] = old.low[from]!;
      shard.head[to] = old.head[from]!;
      shard.files[to] = old.files[from]!;
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
