/**
 * What the page looks at.
 *
 * @module
 */

import { longestSearch, mostRows, type View } from "../protocol.ts";

/** What was chosen, and which groups are unfolded. */
export class Looking {
  /** The group whose tasks are listed; `null` for all there are. */
  group: number | null = null;
  search = "";
  offset = 0;
  readonly #open = new Set<number>();

  /** The groups that are unfolded. */
  get open(): ReadonlySet<number> {
    return this.#open;
  }

  /** Unfolds a group, or folds it. Where too many are unfolded, one that does not show is folded, or else the one that was the first. */
  fold(group: number, isOpen: boolean, shown: ReadonlySet<number>): void {
    this.#open.delete(group);
    if (!isOpen) return;
    if (this.#open.size >= mostRows) {
      const [first] = this.#open;
      this.#open.delete([...this.#open].find((id) => !shown.has(id)) ?? first!);
    }
    this.#open.add(group);
  }

  /** Lists the tasks of another group, from the first. */
  choose(group: number | null): void {
    this.group = group;
    this.offset = 0;
  }

  /** Lists only tasks with this in their names, from the first; is it another search? */
  find(search: string): boolean {
    const wanted = search.trim().slice(0, longestSearch);
    if (wanted === this.search) return false;
    this.search = wanted;
    this.offset = 0;
    return true;
  }

  /** Goes so many pages on. */
  turn(pages: number): void {
    this.offset = Math.max(0, this.offset + pages * mostRows);
  }

  /** Goes back to the last page there is; was it behind that? */
  fit(rowsTotal: number): boolean {
    const last = Math.max(0, Math.ceil(rowsTotal / mostRows) - 1) * mostRows;
    if (this.offset <= last) return false;
    this.offset = last;
    return true;
  }

  /** Forgets the groups: another run of the program has others. */
  reset(): void {
    this.choose(null);
    this.#open.clear();
  }

  view(client: number): View {
    return { client, open: [...this.#open], group: this.group, search: this.search, offset: this.offset };
  }
}
