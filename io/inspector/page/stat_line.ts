/**
 * A few figures side by side, each with its word.
 *
 * @module
 */

import { element, put, say } from "./dom.ts";
import { count } from "./format.ts";
import { byIndex, KeyedList, type Line } from "./keyed_list.ts";

/** A word, its figure, and how that looks: "warm" for what may be trouble, "bad" for what is, "" for all else. */
export type Stat = readonly [label: string, value: number, tone: "" | "warm" | "bad"];

/** The figures as a list. */
export class StatLine {
  readonly node: HTMLElement = element("dl", "stats");
  readonly #list = new KeyedList<number, Stat>(this.node, () => new StatNode());

  show(stats: readonly Stat[]): void {
    this.#list.show(stats, byIndex);
  }
}

class StatNode implements Line<Stat> {
  readonly #label = new Text();
  readonly #value = new Text();
  readonly node: HTMLElement = element("div", "", element("dt", "", this.#label), element("dd", "", this.#value));

  show([label, value, tone]: Stat): void {
    say(this.#label, label);
    say(this.#value, count(value));
    put(this.node, "class", tone);
  }
}
