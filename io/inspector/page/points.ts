/**
 * The points of a chart: the last five minutes.
 *
 * @module
 */

/** For how long points are kept, in seconds. */
export const longestPast = 300;

/** The most points: at four a second, what comes in five minutes. */
export const mostPoints = 1_250;

/** Of a longer time without a point, in seconds, no line is drawn. */
const longestGap = 3;

/** Columns of equal length: when, in seconds, and a value of each series. */
export class Points {
  readonly columns: (number | null)[][];

  constructor(series: number) {
    this.columns = Array.from({ length: series + 1 }, () => []);
  }

  /** How many points there are. */
  get length(): number {
    return this.columns[0]!.length;
  }

  /** Adds a point. One that is earlier than the last is of another program: what was before it is dropped. */
  push(at: number, values: readonly number[]): void {
    const times = this.columns[0] as number[];
    const last = times.at(-1);
    if (last !== undefined && at <= last) {
      for (const column of this.columns) column.length = 0;
    } else if (last !== undefined && at - last > longestGap) {
      this.#append(last + (at - last) / 2, values.map(() => null));
    }
    this.#append(at, values);
    let old = Math.max(0, times.length - mostPoints);
    while (times[old]! < at - longestPast) old++;
    if (old > 0) { for (const column of this.columns) column.splice(0, old); }
  }

  #append(at: number, values: readonly (number | null)[]): void {
    this.columns[0]!.push(at);
    for (const [index, value] of values.entries()) this.columns[index + 1]!.push(value);
  }
}
