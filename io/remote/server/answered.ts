/**
 * What a server remembers of jobs that are over: a job that comes again is answered again, not run again.
 *
 * @module
 */

import { loop } from "../../../scheduler/queue/loop.ts";
import type { Headers } from "../engine/engine.ts";

/** How many answers are kept at most, and how many bytes of them; half of that at least. */
const most = 10_000;
const mostBytes = 16 << 20;

/** An answer, and where it went. */
export interface KeptAnswer {
  readonly inbox: string;
  readonly bytes: Uint8Array;
  readonly headers: Headers;
}

/** A lot of answers. Their bytes lie in one array: ten thousand small ones would keep the garbage collector as busy as all else here. */
class Lot {
  readonly #places: Map<string, number> = new Map();
  readonly #kept: {
    readonly inbox: string;
    readonly headers: Headers;
    readonly begin: number;
    readonly end: number;
  }[] = [];
  #bytes: Uint8Array = new Uint8Array(1 << 16);
  #used = 0;

  hasRoomFor({ bytes: { length } }: KeptAnswer): boolean {
    return this.#kept.length < most / 2 && this.#used + length <= mostBytes / 2;
  }

  get(id: string): KeptAnswer | undefined {
    const place = this.#places.get(id);
    if (place === undefined) return undefined;
    const { inbox, headers, begin, end } = this.#kept[place]!;
    return { inbox, headers, bytes: this.#bytes.slice(begin, end) };
  }

  add(id: string, { inbox, bytes, headers }: KeptAnswer): void {
    const begin = this.#used;
    const end = this.#used = begin + bytes.length;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, begin);
    this.#places.set(id, this.#kept.push({ inbox, headers, begin, end }) - 1);
  }
}

/**
 * Answers by the id of their job. There are two lots, the later and the earlier; when the later one is full it takes the place of the
 * earlier. Taking the oldest out of one map for each that comes made an answer dearer by a tenth.
 */
export class Answered {
  #later: Lot = new Lot();
  #earlier: Lot = this.#later;

  get(id: string): KeptAnswer | undefined {
    return this.#later.get(id) ?? this.#earlier.get(id);
  }

  add(id: string, answer: KeptAnswer): void {
    if (!this.#later.hasRoomFor(answer)) {
      this.#earlier = this.#later;
      this.#later = new Lot();
    }
    this.#later.add(id, answer);
  }
}

/** For how many ms an id is known as unwanted: after two minutes another call may have the same key. */
const unwantedFor = 60_000;

/** The ids of jobs that are no longer wanted, and may be on their way here. */
export class Unwanted {
  #later: Map<string, number> = new Map();
  #earlier: ReadonlyMap<string, number> = new Map();

  has(id: string): boolean {
    return (this.#later.get(id) ?? this.#earlier.get(id) ?? 0) > loop().timers.now();
  }

  add(id: string): void {
    if (this.#later.size >= most / 2) {
      this.#earlier = this.#later;
      this.#later = new Map();
    }
    this.#later.set(id, loop().timers.now() + unwantedFor);
  }
}
