/**
 * Where runs of a program have been, so that what follows is gone through once only.
 *
 * @module
 */

/** States that have been reached. */
export class Visited {
  /** Sequences of callbacks as a tree: each is a number, and one callback more leads to another. */
  readonly #sequences = new Map<string, number>();
  readonly #bounds = new Map<string, number[][]>();

  /** The number of a sequence of callbacks with one more. */
  follow(sequence: number, callback: number): number {
    const key = `${sequence} ${callback}`;
    let next = this.#sequences.get(key);
    if (next === undefined) this.#sequences.set(key, next = this.#sequences.size + 1);
    return next;
  }

  /**
   * Enters a state: which callbacks have run in which order, with all that decides what can come next, and what is known of the
   * clock. Answers false if everything that can come has been gone through from a state that was entered before.
   */
  enter(state: string, bounds: readonly number[]): boolean {
    const known = this.#bounds.get(state);
    if (known === undefined) {
      this.#bounds.set(state, [[...bounds]]);
      return true;
    }
    // Less was known of the clock there: whatever can happen from here could happen from there.
    if (known.some((wider) => bounds.every((bound, index) => bound <= wider[index]!))) return false;
    known.push([...bounds]);
    return true;
  }
}
