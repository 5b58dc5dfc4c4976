/**
 * What a server remembers of jobs that are over: a job that comes again is answered again, not run again.
 *
 * @module
 */

import type { Headers } from "../engine/engine.ts";

/** How many answers are kept, and how many bytes of them. */
const most = 10_000;
const mostBytes = 16 << 20;

/** An answer, and where it went. */
export interface KeptAnswer {
  readonly inbox: string;
  readonly bytes: Uint8Array;
  readonly headers: Headers;
}

/** Answers by the id of their job, the oldest first to go. */
export class Answered {
  readonly #answers: Map<string, KeptAnswer> = new Map();
  #bytes = 0;

  get(id: string): KeptAnswer | undefined {
    return this.#answers.get(id);
  }

  add(id: string, answer: KeptAnswer): void {
    this.#drop(id);
    this.#answers.set(id, answer);
    this.#bytes += answer.bytes.length;
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= most && this.#bytes <= mostBytes) break;
      this.#drop(oldest);
    }
  }

  #drop(id: string): void {
    const answer = this.#answers.get(id);
    if (answer === undefined) return;
    this.#answers.delete(id);
    this.#bytes -= answer.bytes.length;
  }
}

/** The ids of jobs that are no longer wanted, and may be on their way here. */
export class Unwanted {
  readonly #ids: Set<string> = new Set();

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  add(id: string): void {
    this.#ids.delete(id);
    this.#ids.add(id);
    if (this.#ids.size > most) { for (const oldest of this.#ids) return void this.#ids.delete(oldest); }
  }
}
