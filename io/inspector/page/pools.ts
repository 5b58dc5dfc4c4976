/**
 * The pools with their workers and calls.
 *
 * @module
 */

import type { PoolFigures, WorkerRow } from "../protocol.ts";
import { cell, element, put, say, show, table, tableRow } from "./dom.ts";
import { count, counted, maybeDuration, nothing } from "./format.ts";
import { byIndex, KeyedList, type Line } from "./keyed_list.ts";
import { StatLine } from "./stat_line.ts";

/** The pools in their place. */
export class Pools {
  readonly #list: KeyedList<number, PoolFigures>;
  readonly #empty: HTMLElement;

  constructor(parent: HTMLElement) {
    const list = element("div", "entries");
    this.#empty = element("p", "empty", "This program has no pool of workers.");
    parent.append(list, this.#empty);
    this.#list = new KeyedList(list, () => new PoolEntry());
  }

  show(pools: readonly PoolFigures[]): void {
    this.#list.show(pools, byIndex);
    show(this.#empty, pools.length === 0);
  }
}

class PoolEntry implements Line<PoolFigures> {
  readonly node: HTMLElement = element("article", "entry");
  readonly #name = new Text();
  readonly #size = new Text();
  readonly #stats = new StatLine();
  readonly #caption: Text;
  readonly #workers: KeyedList<number, WorkerRow>;

  constructor() {
    const made = table("plain", "", ["Worker", "State", "Call", "For", "Calls", "Ended"], 3);
    this.#caption = made.caption;
    this.#workers = new KeyedList(made.body, () => new WorkerLine());
    const head = element("header", "", element("h3", "name", this.#name), element("span", "aside", this.#size));
    this.node.append(head, this.#stats.node, element("div", "scroller", made.table));
  }

  show(pool: PoolFigures): void {
    say(this.#name, pool.name);
    say(this.#size, counted(pool.size, "worker"));
    say(this.#caption, `Workers of ${pool.name}`);
    this.#stats.show([
      ["running", pool.running, ""],
      ["queued", pool.queued, pool.queued > 0 ? "warm" : ""],
      ["completed", pool.completed, ""],
      ["failed", pool.failed, pool.failed > 0 ? "bad" : ""],
      // It is rare and needs to be looked at.
      ...pool.runaway > 0 ? [["runaway", pool.runaway, "bad"] as const] : [],
    ]);
    this.#workers.show(pool.workers, byIndex);
  }
}

class WorkerLine implements Line<WorkerRow> {
  readonly #name = new Text();
  readonly #state = new Text();
  readonly #call = new Text();
  readonly #since = new Text();
  readonly #calls = new Text();
  readonly #served = new Text();
  readonly #badge = element("span", "badge", this.#state);
  readonly #callCell = cell("name", this.#call);
  readonly node: HTMLElement = tableRow(
    "",
    cell("name", this.#name),
    cell("", this.#badge),
    this.#callCell,
    cell("figure", this.#since),
    cell("figure", this.#calls),
    cell("figure", this.#served),
  );

  show(worker: WorkerRow): void {
    say(this.#name, worker.name);
    say(this.#state, worker.state);
    put(this.#badge, "class", `badge ${worker.state}`);
    say(this.#call, worker.call ?? nothing);
    put(this.#callCell, "title", worker.call ?? undefined);
    say(this.#since, maybeDuration(worker.since));
    say(this.#calls, count(worker.calls));
    say(this.#served, count(worker.served));
  }
}
