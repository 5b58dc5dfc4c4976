/**
 * The tree of groups: folded and unfolded, gone through with the arrow keys.
 *
 * @module
 */

import type { Counts, GroupRow, State } from "../protocol.ts";
import { CountsBar, inWords, sum } from "./counts.ts";
import { element, put, say, show } from "./dom.ts";
import { counted, shortCount, shortDuration } from "./format.ts";
import { KeyedList, type Line } from "./keyed_list.ts";

/** The key of the line of all tasks, which is no group's id. */
const allTasks = -1;

/** A line of the tree; the first one is of all tasks. */
interface TreeLine {
  readonly key: number;
  readonly name: string;
  readonly depth: number;
  readonly counts: Counts;
  readonly group: GroupRow | undefined;
  /** Is it unfolded? `undefined` if there is nothing in it. */
  readonly isOpen: boolean | undefined;
  readonly isChosen: boolean;
  /** Is it the line that Tab goes to? */
  readonly isCurrent: boolean;
}

/** What the tree asks for. */
export interface TreeOptions {
  readonly open: () => ReadonlySet<number>;
  readonly chosen: () => number | null;
  readonly onChoose: (group: number | null) => void;
  readonly onFold: (group: number, isOpen: boolean) => void;
}

/** The tree in its place. */
export class Tree {
  readonly #more: HTMLElement;
  readonly #moreText: Text;
  readonly #options: TreeOptions;
  readonly #list: KeyedList<number, TreeLine>;
  #lines: readonly TreeLine[] = [];
  #state: Pick<State, "groups" | "groupsMore" | "total"> | undefined;
  #current = allTasks;
  /** Where the current line stands, for when it is gone. */
  #currentIndex = 0;

  constructor(root: HTMLElement, more: HTMLElement, options: TreeOptions) {
    this.#more = more;
    this.#moreText = more.appendChild(new Text());
    this.#options = options;
    this.#list = new KeyedList(root, () => new TreeLineNode(), () => this.#focus(this.#currentIndex));
    root.addEventListener("keydown", (event) => this.#onKey(event));
    root.addEventListener("click", (event) => this.#onClick(event));
    root.addEventListener("focusin", (event) => this.#makeCurrent(keyAt(event.target)));
  }

  /** The groups that show. */
  get shown(): ReadonlySet<number> {
    return new Set(this.#lines.map(({ key }) => key));
  }

  /** The name of a group that shows. */
  nameOf(group: number): string | undefined {
    return this.#lines.find(({ key }) => key === group)?.name;
  }

  show(state: Pick<State, "groups" | "groupsMore" | "total">): void {
    this.#state = state;
    this.#render();
    show(this.#more, state.groupsMore > 0);
    say(this.#moreText, `and ${counted(state.groupsMore, "more group")}, for which there is no room here`);
  }

  #render(): void {
    if (this.#state === undefined) return;
    const { groups, total } = this.#state;
    const open = this.#options.open();
    const chosen = this.#options.chosen() ?? allTasks;
    const keys = [allTasks];
    const shown: (GroupRow | undefined)[] = [undefined];
    // What was folded just now disappears at once, not with the next state.
    let foldedAt = Infinity;
    for (const group of groups) {
      if (group.depth > foldedAt) continue;
      foldedAt = group.hasGroups && !open.has(group.id) ? group.depth : Infinity;
      keys.push(group.id);
      shown.push(group);
    }
    if (!keys.includes(this.#current)) this.#current = keys[Math.min(this.#currentIndex, keys.length - 1)]!;
    this.#currentIndex = keys.indexOf(this.#current);
    this.#lines = shown.map((group, index): TreeLine => ({
      key: keys[index]!,
      name: group?.name ?? "All tasks",
      depth: group?.depth ?? 0,
      counts: group?.counts ?? total,
      group,
      isOpen: group?.hasGroups ? open.has(group.id) : undefined,
      isChosen: keys[index] === chosen,
      isCurrent: keys[index] === this.#current,
    }));
    this.#list.show(this.#lines, ({ key }) => key);
  }

  #makeCurrent(key: number | undefined): void {
    if (key === undefined || key === this.#current) return;
    this.#current = key;
    this.#render();
  }

  #focus(index: number): void {
    const line = this.#lines[Math.max(0, Math.min(index, this.#lines.length - 1))];
    if (line !== undefined) this.#list.nodeOf(line.key)?.focus();
  }

  #fold(group: number, isOpen: boolean): void {
    this.#options.onFold(group, isOpen);
    this.#render();
  }

  #choose(key: number): void {
    this.#options.onChoose(key === allTasks ? null : key);
    this.#render();
  }

  #onClick(event: MouseEvent): void {
    const key = keyAt(event.target);
    if (key === undefined) return;
    const line = this.#lines.find((line) => line.key === key);
    const isTwisty = event.target instanceof Element && event.target.closest(".twisty") !== null;
    if (isTwisty && line?.isOpen !== undefined) this.#fold(key, !line.isOpen);
    else this.#choose(key);
  }

  #onKey(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const index = this.#lines.findIndex(({ key }) => key === this.#current);
    const line = this.#lines[index];
    if (line === undefined) return;
    switch (event.key) {
      case "ArrowDown":
        this.#focus(index + 1);
        break;
      case "ArrowUp":
        this.#focus(index - 1);
        break;
      case "Home":
        this.#focus(0);
        break;
      case "End":
        this.#focus(this.#lines.length - 1);
        break;
      case "ArrowRight":
        if (line.isOpen === false) this.#fold(line.key, true);
        else if (line.isOpen === true && (this.#lines[index + 1]?.depth ?? 0) > line.depth) this.#focus(index + 1);
        break;
      case "ArrowLeft":
        if (line.isOpen === true) this.#fold(line.key, false);
        else this.#focus(this.#parentOf(index));
        break;
      case "Enter":
      case " ":
        this.#choose(line.key);
        break;
      default:
        return;
    }
    event.preventDefault();
  }

  /** The line that a line is inside of; for one at the top, itself. */
  #parentOf(index: number): number {
    const { depth } = this.#lines[index]!;
    const parent = this.#lines.findLastIndex((line, other) => other < index && line.depth < depth);
    return parent < 0 ? index : parent;
  }
}

/** The key of the line that an event is of. */
function keyAt(target: EventTarget | null): number | undefined {
  const line = target instanceof Element ? target.closest<HTMLElement>("[role=treeitem]") : null;
  return line === null ? undefined : Number(line.dataset["key"]);
}

class TreeLineNode implements Line<TreeLine> {
  readonly node: HTMLElement = element("div", "line");
  readonly #name = new Text();
  readonly #mark = new Text();
  readonly #count = new Text();
  readonly #age = new Text();
  readonly #bar = new CountsBar();
  #depth = -1;

  constructor() {
    this.node.setAttribute("role", "treeitem");
    this.node.append(
      element("span", "twisty"),
      element("span", "name", this.#name),
      element("span", "sign", element("span", "mark", this.#mark), this.#bar.node),
      element("span", "count", this.#count),
      element("span", "age", this.#age),
    );
  }

  show({ key, name, depth, counts, group, isOpen, isChosen, isCurrent }: TreeLine): void {
    const { node } = this;
    const state = group === undefined || group.state === "running" ? "" : group.state;
    const due = group === undefined || group.deadline === null ? "" : `ends in ${shortDuration(group.deadline)}`;
    say(this.#name, name);
    say(this.#mark, state || due);
    say(this.#count, shortCount(sum(counts)));
    say(this.#age, group === undefined ? "" : shortDuration(group.age));
    this.#bar.show(counts);
    put(node, "data-key", String(key));
    put(node, "data-state", state || undefined);
    put(node, "tabindex", isCurrent ? "0" : "-1");
    put(node, "aria-level", String(depth + 1));
    put(node, "aria-selected", String(isChosen));
    put(node, "aria-expanded", isOpen === undefined ? undefined : String(isOpen));
    // What changes with each state is a description: a name that changes would be read aloud again and again.
    put(node, "aria-label", state === "" ? name : `${name}, ${state}`);
    put(node, "aria-description", due === "" ? inWords(counts) : `${inWords(counts)}; ${due}`);
    if (depth !== this.#depth) node.style.setProperty("--depth", String(this.#depth = depth));
  }
}
