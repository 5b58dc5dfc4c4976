/**
 * Random numbers that a seed decides.
 *
 * @module
 */

/** A source of random numbers: the same for the same seed, on every runtime. */
export class Random {
  /** Has a number been asked for? */
  isDrawn = false;
  #state: number;

  /** Any integer is a seed. */
  constructor(seed: number) {
    // Neighbouring seeds must not begin alike.
    this.#state = Math.imul(seed | 0, 0x9e3779b1) ^ 0x85ebca6b;
    this.integer();
    this.isDrawn = false;
  }

  /** 32 random bits, as a number from 0. */
  integer(): number {
    this.isDrawn = true;
    // splitmix32.
    this.#state = (this.#state + 0x9e3779b9) | 0;
    let bits = this.#state;
    bits = Math.imul(bits ^ (bits >>> 16), 0x21f0aaad);
    bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97);
    return (bits ^ (bits >>> 15)) >>> 0;
  }

  /** A number from 0, below 1, as `Math.random` gives it. */
  number(): number {
    return (this.integer() * 2 ** 21 + (this.integer() >>> 11)) / 2 ** 53;
  }

  /** A whole number from 0, below `limit`. */
  below(limit: number): number {
    return Math.floor((this.integer() / 2 ** 32) * limit);
  }
}
