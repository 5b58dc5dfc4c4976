/**
 * Numbers for people.
 *
 * @module
 */

/** A whole number with commas. */
export function count(number: number): string {
  return String(Math.round(number)).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A number and what it counts. */
export function counted(number: number, one: string, many: string = `${one}s`): string {
  return `${count(number)} ${number === 1 ? one : many}`;
}

/** A length of time in its largest unit: `2.5 h`. */
export function duration(ms: number): string {
  const units = [["d", 86_400_000], ["h", 3_600_000], ["min", 60_000], ["s", 1000]] as const;
  const [unit, size] = units.find(([, size]) => ms >= size) ?? ["ms", 1];
  const value = ms / size;
  return `${value >= 100 ? count(value) : String(Math.round(value * 10) / 10)} ${unit}`;
}
