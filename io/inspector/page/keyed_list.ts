/**
 * The nodes of a list, each made once and then changed for as long as its key is there.
 *
 * @module
 */

import { patchPlan } from "./patch_plan.ts";

/** A node that shows an item. */
export interface Line<T> {
  readonly node: HTMLElement;
  show(item: T): void;
}

/** Shows items in a parent, which has no other children. */
export class KeyedList<K, T> {
  readonly #parent: Element;
  readonly #make: (item: T) => Line<T>;
  readonly #onFocusLost: (() => void) | undefined;
  readonly #lines = new Map<K, Line<T>>();
  #keys: readonly K[] = [];

  /** `onFocusLost` is called when the line with the focus is gone, which would put whoever uses the keyboard back to the beginning. */
  constructor(parent: Element, make: (item: T) => Line<T>, onFocusLost?: () => void) {
    this.#parent = parent;
    this.#make = make;
    this.#onFocusLost = onFocusLost;
  }

  /** The node of a key. */
  nodeOf(key: K): HTMLElement | undefined {
    return this.#lines.get(key)?.node;
  }

  /** Shows these items, in their order; `keyOf` gives each a key of its own. */
  show(items: readonly T[], keyOf: (item: T, index: number) => K): void {
    const keys = items.map(keyOf);
    const focused = this.#focused();
    const { gone, placed } = patchPlan(this.#keys, keys, focused);
    for (const key of gone) {
      this.#lines.get(key)!.node.remove();
      this.#lines.delete(key);
    }
    for (const [index, key] of keys.entries()) {
      let line = this.#lines.get(key);
      if (line === undefined) this.#lines.set(key, line = this.#make(items[index]!));
      line.show(items[index]!);
    }
    for (const { key, before } of placed) {
      this.#parent.insertBefore(
        this.#lines.get(key)!.node,
        before === undefined ? null : this.#lines.get(before)!.node,
      );
    }
    this.#keys = keys;
    if (focused !== undefined && !this.#lines.has(focused)) this.#onFocusLost?.();
  }

  /** Takes all away, so that all will be made again. */
  clear(): void {
    for (const { node } of this.#lines.values()) node.remove();
    this.#lines.clear();
    this.#keys = [];
  }

  /** The key of the line that has the focus. */
  #focused(): K | undefined {
    const active = document.activeElement;
    if (active === null || !this.#parent.contains(active)) return undefined;
    return this.#keys.find((key) => this.#lines.get(key)!.node.contains(active));
  }
}

/** Items without a key of their own are told apart by where they stand. */
export function byIndex(_item: unknown, index: number): number {
  return index;
}
