/**
 * Numbers by which a page names what has none of its own.
 *
 * @module
 */

/** Gives out numbers, from 1 on: each thing keeps the one that it got when it was first asked for. */
export class Numbering<K extends object> {
  readonly #numbers: WeakMap<K, number> = new WeakMap();
  #last = 0;

  of(thing: K): number {
    let number = this.#numbers.get(thing);
    if (number === undefined) this.#numbers.set(thing, number = ++this.#last);
    return number;
  }
}
