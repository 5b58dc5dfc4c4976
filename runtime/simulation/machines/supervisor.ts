/**
 * Who starts the program of a machine again.
 *
 * @module
 */

import type { RestartSettings } from "./machine.ts";

const usual: Required<RestartSettings> = { delay: 100, backoff: 2, maxDelay: 10_000, atMost: Infinity };

/** The supervisor of one machine. */
export class Supervisor {
  readonly #settings: Required<RestartSettings>;
  #restarts = 0;

  constructor(settings: RestartSettings) {
    this.#settings = { ...usual, ...settings };
  }

  /** After how many ms it starts the program again; `undefined` for not any more. */
  next(): number | undefined {
    const { delay, backoff, maxDelay, atMost } = this.#settings;
    if (this.#restarts >= atMost) return undefined;
    let after = delay;
    for (let time = 0; time < this.#restarts && after < maxDelay; time++) after *= backoff;
    this.#restarts++;
    return Math.min(after, maxDelay);
  }
}
