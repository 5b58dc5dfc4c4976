/**
 * A binary heap.
 *
 * @module
 */

/** Items of which the first is always at hand, by an order that is given. */
export class Heap<T> {
  /** The items; each comes before those at twice its index and one and two more. To be looked at, not to be changed. */
  items: T[] = [];
  readonly #isBefore: (a: T, b: T) => boolean;

  constructor(isBefore: (a: T, b: T) => boolean) {
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.items.length;
  }

  /** The item that comes before all others; `undefined` in an empty heap. */
  get first(): T | undefined {
    return this.items[0];
  }

  push(item: T): void {
    const { items } = this;
    let index = items.length;
    items.push(item);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#isBefore(item, items[parent]!)) break;
      items[index] = items[parent]!;
      index = parent;
    }
    items[index] = item;
  }

  /** Takes the first item out; there is one. */
  pop(): T {
    const { items } = this;
    const first = items[0]!;
    const last = items.pop()!;
    if (items.length > 0) {
      items[0] = last;
      this.#sink(0);
    }
    return first;
  }

  /** Drops the items that are not to be kept. */
  keep(isKept: (item: T) => boolean): void {
    this.items = this.items.filter(isKept);
    for (let index = (this.items.length >> 1) - 1; index >= 0; index--) this.#sink(index);
  }

  #sink(index: number): void {
    const { items } = this;
    const item = items[index]!;
    for (;;) {
      let child = index * 2 + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && this.#isBefore(items[child + 1]!, items[child]!)) child++;
      if (!this.#isBefore(items[child]!, item)) break;
      items[index] = items[child]!;
      index = child;
    }
    items[index] = item;
  }
}
