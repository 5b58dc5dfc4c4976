/**
 * A queue with two ends, as a ring that grows.
 *
 * @module
 */

/** Values in a row; adding and taking at either end takes constant time. */
export class Deque<T> {
  size = 0;
  /** Its length is a power of two. */
  #ring: (T | undefined)[] = new Array(8);
  #head = 0;

  push(value: T): void {
    if (this.size === this.#ring.length) this.#grow();
    this.#ring[(this.#head + this.size++) & (this.#ring.length - 1)] = value;
  }

  unshift(value: T): void {
    if (this.size === this.#ring.length) this.#grow();
    this.#head = (this.#head - 1) & (this.#ring.length - 1);
    this.#ring[this.#head] = value;
    this.size++;
  }

  /** Takes the first value out; there is one. */
  shift(): T {
    const value = this.#ring[this.#head] as T;
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    // What a burst has made long is not kept for ever.
    if (--this.size === 0 && this.#ring.length > 1024) this.#ring = new Array(8);
    if (this.size === 0) this.#head = 0;
    return value;
  }

  #grow(): void {
    const { length } = this.#ring;
    const ring = new Array<T | undefined>(length * 2);
    for (let index = 0; index < length; index++) ring[index] = this.#ring[(this.#head + index) & (length - 1)];
    this.#ring = ring;
    this.#head = 0;
  }
}
