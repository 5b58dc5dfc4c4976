/**
 * The list of tasks.
 *
 * @module
 */

import { mostRows, type State, type TaskRow } from "../protocol.ts";
import type { Priority } from "../../../scheduler/queue/priority.ts";
import { button, cell, element, put, say, show, tableRow } from "./dom.ts";
import { count, counted, deadline, duration, maybeDuration, nothing, shortPlace } from "./format.ts";
import { KeyedList, type Line } from "./keyed_list.ts";

/** The priorities as the page names them. */
export const priorities: readonly (readonly [Priority, string])[] = [
  ["user-blocking", "blocking"],
  ["user-visible", "visible"],
  ["background", "background"],
];

/** The most of those who hold up a task that its row names. */
const mostHolders = 2;

/** What the rows ask for. */
export interface TaskActions {
  /** May tasks be changed? */
  readonly control: () => boolean;
  /** Lists those with this name. */
  readonly onFind: (name: string) => void;
  readonly onCancel: (task: TaskRow) => void;
  /** Gives a task another priority; has it been done? */
  readonly onPriority: (task: TaskRow, priority: Priority) => Promise<boolean>;
}

/** Where the list is shown. */
export interface TaskPlaces {
  readonly body: HTMLElement;
  /** The part that scrolls. */
  readonly scroller: HTMLElement;
  readonly empty: HTMLElement;
  readonly range: HTMLElement;
  readonly previous: HTMLButtonElement;
  readonly next: HTMLButtonElement;
}

/** The list in its place. */
export class TaskList {
  readonly #places: TaskPlaces;
  readonly #list: KeyedList<number, TaskRow>;
  readonly #range: Text;
  readonly #empty: Text;

  constructor(places: TaskPlaces, actions: TaskActions) {
    this.#places = places;
    this.#range = places.range.appendChild(new Text());
    this.#empty = places.empty.appendChild(new Text());
    this.#list = new KeyedList(places.body, () => new TaskLine(actions), () => places.scroller.focus());
  }

  /** Makes all rows again: what may be done with them has changed. */
  clear(): void {
    this.#list.clear();
  }

  show({ rows, rowsTotal }: Pick<State, "rows" | "rowsTotal">, offset: number, empty: string): void {
    const { previous, next } = this.#places;
    this.#list.show(rows, ({ id }) => id);
    say(this.#range, rangeOf(offset, rows.length, rowsTotal));
    say(this.#empty, empty);
    show(this.#places.empty, rows.length === 0);
    // A button that is disabled would lose the focus.
    put(previous, "aria-disabled", String(offset === 0));
    put(next, "aria-disabled", String(offset + mostRows >= rowsTotal));
    for (const turner of [previous, next]) show(turner, rowsTotal > mostRows || offset > 0);
  }
}

/** Which rows are shown: "1–200 of 10,100". */
function rangeOf(offset: number, length: number, total: number): string {
  if (length === 0) return "";
  if (length === total) return counted(total, "task");
  return `${count(offset + 1)}–${count(offset + length)} of ${count(total)}`;
}

/** Marks a cell in which there is nothing: where each task is a card, there is no room for that. */
function putNone(target: HTMLElement, value: unknown): void {
  put(target, "data-none", value === null ? "" : undefined);
}

class TaskLine implements Line<TaskRow> {
  readonly node: HTMLTableRowElement;
  readonly #actions: TaskActions;
  readonly #name = new Text();
  readonly #group = new Text();
  readonly #state = new Text();
  readonly #waitsFor = new Text();
  readonly #since = new Text();
  readonly #priority = new Text();
  readonly #deadline = new Text();
  readonly #place = new Text();
  readonly #badge = element("span", "badge", this.#state);
  readonly #holders = element("span", "holders");
  readonly #cells = {
    name: cell("task", element("span", "name", this.#name)),
    group: cell("group", this.#group),
    state: cell("state", this.#badge),
    waits: cell("waits", element("div", "waiting-for", element("span", "what", this.#waitsFor), this.#holders)),
    since: cell("since figure", this.#since),
    priority: cell("priority"),
    deadline: cell("deadline figure", this.#deadline),
    place: cell("place", this.#place),
  };
  readonly #select: HTMLSelectElement | undefined;
  readonly #cancel: HTMLButtonElement | undefined;
  #row: TaskRow | undefined;
  #heldBy = "";

  constructor(actions: TaskActions) {
    this.#actions = actions;
    this.node = tableRow("", ...Object.values(this.#cells));
    if (!actions.control()) {
      this.#cells.priority.append(this.#priority);
      return;
    }
    this.#select = this.#makeSelect();
    this.#cells.priority.append(this.#select);
    this.#cancel = button("Cancel", "small", () => actions.onCancel(this.#row!));
    this.node.append(cell("actions", this.#cancel));
  }

  show(row: TaskRow): void {
    const was = this.#row;
    this.#row = row;
    const cells = this.#cells;
    if (row.name !== was?.name) this.#showName(row);
    if (row.group !== was?.group) {
      say(this.#group, row.group);
      put(cells.group, "title", row.group);
    }
    if (row.state !== was?.state) {
      say(this.#state, row.state);
      put(this.#badge, "class", `badge ${row.state}`);
    }
    if (row.waitingFor !== was?.waitingFor) {
      say(this.#waitsFor, row.waitingFor ?? nothing);
      put(cells.waits, "title", row.waitingFor ?? undefined);
      putNone(cells.waits, row.waitingFor);
    }
    this.#showHolders(row.blockedBy);
    const since = maybeDuration(row.since);
    if (since !== this.#since.data) {
      say(this.#since, since);
      putNone(this.#cells.since, row.since);
      this.#showSinceTitle(row);
    }
    say(this.#deadline, deadline(row.deadline));
    if (row.deadline === null !== (was?.deadline === null)) putNone(cells.deadline, row.deadline);
    if (row.priority !== was?.priority) this.#showPriority(row);
    if (row.place !== was?.place) {
      say(this.#place, row.place === null ? nothing : shortPlace(row.place));
      putNone(cells.place, row.place);
      put(cells.place, "title", row.place ?? "It was spawned before somebody looked");
    }
    if (row.inCycle !== was?.inCycle) this.node.classList.toggle("in-cycle", row.inCycle);
  }

  #showName({ name }: TaskRow): void {
    say(this.#name, name);
    put(this.#cells.name, "title", name);
    if (this.#select !== undefined) put(this.#select, "aria-label", `Priority of ${name}`);
    if (this.#cancel !== undefined) put(this.#cancel, "aria-label", `Cancel ${name}`);
  }

  #showSinceTitle({ since, age }: TaskRow): void {
    const before = since === null ? "In this state since before somebody looked; spawned" : "Spawned";
    put(this.#cells.since, "title", `${before} ${duration(age)} ago`);
  }

  /** Who has to go on first: each name lists those who have it. */
  #showHolders(names: readonly string[]): void {
    const heldBy = names.join("\n");
    if (heldBy === this.#heldBy) return;
    this.#heldBy = heldBy;
    const shown = names.slice(0, mostHolders).flatMap((name, index) => {
      const made = button(name, "holder name", () => this.#actions.onFind(name));
      made.title = `Find ${name}`;
      return index === 0 ? [made] : [", ", made];
    });
    const rest = names.length - mostHolders;
    this.#holders.replaceChildren(
      ...names.length > 0 ? ["held by "] : [],
      ...shown,
      ...rest > 0 ? [` and ${rest} more`] : [],
    );
  }

  #showPriority({ priority }: TaskRow): void {
    if (this.#select === undefined) {
      say(this.#priority, priorities.find(([value]) => value === priority)![1]);
      put(this.#cells.priority, "data-priority", priority);
    } else this.#select.value = priority;
  }

  #makeSelect(): HTMLSelectElement {
    const select = element("select", "small");
    for (const [value, label] of priorities) select.append(new Option(label, value));
    select.addEventListener("change", async () => {
      const row = this.#row!;
      const isDone = await this.#actions.onPriority(row, select.value as Priority);
      // What was chosen stays there until a state says otherwise: the next one may be older than the change.
      if (!isDone) select.value = this.#row!.priority;
    });
    return select;
  }
}
