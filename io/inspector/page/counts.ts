/**
 * How many tasks are in which state: as a bar, as words, and in the head of the page.
 *
 * @module
 */

import type { Counts } from "../protocol.ts";
import { element, put, say } from "./dom.ts";
import { count, counted } from "./format.ts";

/** The states, in the order they are shown in. */
export const states: readonly (keyof Counts)[] = ["running", "waiting", "queued", "cancelling"];

/** All tasks of these counts. */
export function sum(counts: Counts): number {
  return counts.running + counts.waiting + counts.queued + counts.cancelling;
}

/** The counts in words: "12 tasks: 2 running, 10 waiting". */
export function inWords(counts: Counts): string {
  const all = sum(counts);
  if (all === 0) return "no tasks";
  const parts = states.filter((state) => counts[state] > 0).map((state) => `${count(counts[state])} ${state}`);
  return `${counted(all, "task")}: ${parts.join(", ")}`;
}

/** The shares of the states, as parts of a bar. Those who do not see it are told them in words. */
export class CountsBar {
  readonly node: HTMLElement = element("span", "bar");
  readonly #parts = states.map((state) => this.node.appendChild(element("i", state)));
  #was = "";

  constructor() {
    this.node.setAttribute("aria-hidden", "true");
  }

  show(counts: Counts): void {
    const shares = states.map((state) => counts[state]);
    const now = shares.join();
    if (now === this.#was) return;
    this.#was = now;
    for (const [index, part] of this.#parts.entries()) part.style.flexGrow = String(shares[index]!);
    put(this.node, "title", inWords(counts));
  }
}

/** The counts of all tasks, in a list of the page. */
export class Totals {
  readonly #figures: ReadonlyMap<keyof Counts, Text>;

  constructor(list: HTMLElement) {
    this.#figures = new Map(states.map((state) => {
      const figure = new Text("0");
      list.append(element("div", `total ${state}`, element("dt", "", state), element("dd", "", figure)));
      return [state, figure];
    }));
  }

  show(counts: Counts): void {
    for (const [state, figure] of this.#figures) say(figure, count(counts[state]));
  }
}
