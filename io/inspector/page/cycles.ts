/**
 * Tasks that wait for one another, so that none of them ever goes on.
 *
 * @module
 */

import { element, say, show } from "./dom.ts";
import { circle } from "./format.ts";
import { byIndex, KeyedList, type Line } from "./keyed_list.ts";

/** The circles in their place, which shows while there are any. */
export class Cycles {
  readonly #section: HTMLElement;
  readonly #list: KeyedList<number, readonly string[]>;
  readonly #announce: (text: string) => void;
  #known: ReadonlySet<string> = new Set();

  constructor(section: HTMLElement, list: HTMLElement, announce: (text: string) => void) {
    this.#section = section;
    this.#announce = announce;
    this.#list = new KeyedList(list, () => new CycleLine());
  }

  show(cycles: readonly (readonly string[])[]): void {
    const circles = new Set(cycles.map(circle));
    const fresh = [...circles].filter((text) => !this.#known.has(text));
    if (fresh.length > 0) this.#announce(`Deadlock. These tasks wait for one another: ${fresh.join("; ")}`);
    this.#known = circles;
    this.#list.show(cycles, byIndex);
    show(this.#section, cycles.length > 0);
  }
}

class CycleLine implements Line<readonly string[]> {
  readonly #text = new Text();
  readonly node: HTMLElement = element("li", "name", this.#text);

  show(names: readonly string[]): void {
    say(this.#text, circle(names));
  }
}
