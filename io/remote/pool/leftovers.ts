/**
 * What calls that are over have left in the queue and beside it: it is taken back, and the end of the pool waits for that.
 *
 * @module
 */

import { bounded, closeTime } from "../engine/pause.ts";

/** What is being taken back. */
export class Leftovers {
  readonly #works: Set<Promise<unknown>> = new Set();

  /** How many things are being taken back. */
  get size(): number {
    return this.#works.size;
  }

  /** Something is being taken back. If that fails, whoever comes upon it has been told. */
  add(work: Promise<unknown>): void {
    const done = work.catch(() => {}).finally(() => this.#works.delete(done));
    this.#works.add(done);
  }

  /** Resolves when all has been taken back, or that takes too long. */
  async gone(): Promise<void> {
    if (this.#works.size > 0) await bounded(Promise.all(this.#works), closeTime);
  }
}
