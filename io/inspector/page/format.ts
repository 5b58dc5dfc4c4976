/**
 * Figures as people read them.
 *
 * @module
 */

/** What stands where there is no figure. */
export const nothing = "—";

const grouped = new Intl.NumberFormat("en");

/** A span of time, in ms: "0.4 ms", "120 ms", "1.2 s", "3 min 05 s", "2 h 14 min", "3 d 04 h". */
export function duration(ms: number): string {
  if (!(ms >= 0.05)) return "0 ms";
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${twoDigits(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${twoDigits(minutes % 60)} min`;
  return `${Math.floor(hours / 24)} d ${twoDigits(hours % 24)} h`;
}

/** A span of time, in ms, by its largest unit alone: "850 ms", "12 s", "6 min". */
export function shortDuration(ms: number): string {
  return /^\S+ \S+/.exec(duration(ms))![0];
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}

/** A span of time in ms that may not be known. */
export function maybeDuration(ms: number | null): string {
  return ms === null ? nothing : duration(ms);
}

/** When a deadline comes: "in 1.2 s", "overdue"; `null` is for never. */
export function deadline(ms: number | null): string {
  if (ms === null) return nothing;
  return ms > 0 ? `in ${shortDuration(ms)}` : "overdue";
}

/** A number of things: "12,345". */
export function count(value: number): string {
  return grouped.format(value);
}

/** A number of things in a small place: "9,999", "12 k", "1.2 M". */
export function shortCount(value: number): string {
  if (value < 10_000) return grouped.format(value);
  if (value < 999_500) return `${Math.round(value / 1000)} k`;
  return `${(value / 1_000_000).toFixed(1)} M`;
}

/** A number of things with their name: "1 task", "2 tasks". */
export function counted(value: number, one: string, many: string = `${one}s`): string {
  return `${grouped.format(value)} ${value === 1 ? one : many}`;
}

/** A share of 0 to 1: "12 %". */
export function percent(share: number): string {
  const value = share * 100;
  return `${value > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} %`;
}

/** How many things a second, of so many in so many ms. */
export function perSecond(things: number, elapsed: number): number {
  return elapsed > 0 ? things * 1000 / elapsed : 0;
}

/** A place in a file, without the folders. */
export function shortPlace(place: string): string {
  return place.slice(Math.max(place.lastIndexOf("/"), place.lastIndexOf("\\")) + 1);
}

/** Those who wait for one another, back to the first: "a → b → a". */
export function circle(names: readonly string[]): string {
  const isClosed = names.length > 1 && names[0] === names.at(-1);
  return (isClosed ? names : [...names, ...names.slice(0, 1)]).join(" → ");
}
