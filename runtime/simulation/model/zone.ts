/**
 * What is known of points in time that are not known: differences between them, as a matrix of bounds.
 *
 * A host may be slow anywhere. A model that asks "is this timer due?" therefore has two answers, unless what has been answered
 * before leaves only one; a zone is all that has been answered.
 *
 * @module
 */

/** A point in time, known by its differences to others. All are whole steps of one clock. */
export type Moment = number;

/** The latest moment at which the clock was read. */
export const now: Moment = 0;

/** That `a` is at most `difference` later than `b`. */
export interface Bound {
  readonly a: Moment;
  readonly b: Moment;
  readonly difference: number;
}

/** A set of moments with the bounds on their differences; always closed, so that each bound is as tight as can be. */
export class Zone {
  /** `#bounds[a][b]`: how much later than `b` the moment `a` can be at most. */
  readonly #bounds: number[][] = [[0]];

  /** Time passes: at least `least` steps, and any more. */
  elapse(least: number): void {
    const row = this.#bounds[now]!;
    for (let other = 1; other < row.length; other++) {
      row[other] = Infinity;
      this.#bounds[other]![now]! -= least;
    }
  }

  /** A new moment, equal to the latest reading of the clock. */
  mark(): Moment {
    const bounds = this.#bounds;
    bounds.push([...bounds[now]!]);
    for (const row of bounds) row.push(row[now]!);
    return bounds.length - 1;
  }

  /** Can all of these bounds hold together, with what is known? */
  allows(bounds: readonly Bound[]): boolean {
    if (bounds.length === 0) return true;
    if (bounds.length === 1) return this.#permits(bounds[0]!);
    if (!bounds.every((bound) => this.#permits(bound))) return false;
    const copy = new Zone();
    copy.#bounds.length = 0;
    for (const row of this.#bounds) copy.#bounds.push([...row]);
    for (const bound of bounds) {
      if (!copy.#permits(bound)) return false;
      copy.#tighten(bound);
    }
    return true;
  }

  /** From now on these bounds are known to hold. */
  assume(bounds: readonly Bound[]): void {
    for (const bound of bounds) this.#tighten(bound);
  }

  /** The bounds between some moments and the latest reading of the clock. */
  between(moments: readonly Moment[]): number[] {
    const all = [now, ...moments];
    return all.flatMap((a) => all.map((b) => this.#bounds[a]![b]!));
  }

  #permits({ a, b, difference }: Bound): boolean {
    return -this.#bounds[b]![a]! <= difference;
  }

  #tighten({ a, b, difference }: Bound): void {
    const bounds = this.#bounds;
    if (bounds[a]![b]! <= difference) return;
    for (const row of bounds) {
      const first = row[a]! + difference;
      if (first === Infinity) continue;
      for (let other = 0; other < row.length; other++) {
        const sum = first + bounds[b]![other]!;
        if (sum < row[other]!) row[other] = sum;
      }
    }
  }
}
