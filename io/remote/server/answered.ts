/**
 * What a server remembers of jobs that are over: a job that comes again is answered again, not run again.
 *
 * @module
 */

import { loop } from "../../../scheduler/queue/loop.ts";
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

/** For how many ms an id is known as unwanted: after two minutes another call may have the same key. */
const unwantedFor = 60_000;

/** The ids of jobs that are no longer wanted, and may be on their way here. */
export class Unwanted {
  readonly #until: Map<string, number> = new Map();

  has(id: string): boolean {
    return (this.#until.get(id) ?? 0) > loop().timers.now();
  }

  add(id: string): void {
    this.#until.delete(id);
    this.#until.set(id, loop().timers.now() + unwantedFor);
    if (this.#until.size > most) { for (const oldest of this.#until.keys()) return void this.#until.delete(oldest); }
  }
}
