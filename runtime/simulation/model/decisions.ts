/**
 * Going through all that can happen, by running the same thing again and again with other decisions.
 *
 * @module
 */

/** The decisions of one run: which were made, and of how many choices. */
export class Decisions {
  readonly #made: { choice: number; of: number }[] = [];
  #next = 0;

  /** Has the run come to where it has not been in another run? */
  get isNew(): boolean {
    return this.#next >= this.#made.length;
  }

  /** Decides between `of` choices, the first of them first. */
  choose(of: number): number {
    if (of < 2) return 0;
    const made = this.#made[this.#next++];
    if (made !== undefined) return made.choice;
    this.#made.push({ choice: 0, of });
    return 0;
  }

  /** Makes the next run decide otherwise; answers false when all has been decided in every way. */
  advance(): boolean {
    this.#next = 0;
    for (let last = this.#made.pop(); last !== undefined; last = this.#made.pop()) {
      if (last.choice + 1 >= last.of) continue;
      this.#made.push({ choice: last.choice + 1, of: last.of });
      return true;
    }
    return false;
  }
}
