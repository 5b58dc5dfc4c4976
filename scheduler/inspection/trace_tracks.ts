/**
 * Rows of a track on which no two spans cross: what is drawn on one of them lies side by side or inside one another.
 *
 * @module
 */

/** After how many rows the last one takes all that is left: a viewer draws what crosses there one below the other. */
const mostRows = 50;

/** Gives out rows, as spans come in the order in which they begin. */
export class Tracks {
  /** When the last span on each row ends, by track. */
  readonly #ends: Map<string, number[]> = new Map();

  /** The name of the row that a span of this track lies on. */
  rowFor(track: string, begins: number, ends: number): string {
    let rows = this.#ends.get(track);
    if (rows === undefined) this.#ends.set(track, rows = []);
    let row = rows.findIndex((end) => end <= begins);
    if (row < 0) row = Math.min(rows.length, mostRows - 1);
    rows[row] = Math.max(ends, rows[row] ?? 0);
    return row === 0 ? track : `${track} (${row + 1})`;
  }
}
