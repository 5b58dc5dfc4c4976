/**
 * How late a timer may fire, where that makes a difference.
 *
 * @module
 */

/** A timer may be late by its own delay, and by so many ms anyway. */
const mostLate = 10;

/** How many of the times at which something else is due are looked at, and how many ways of being late there are. */
const mostTimes = 4;

/**
 * The delays, in ms, by which a timer of `delay` that fires `now` would pass by one of the times at which something else is due: late
 * by the least that brings it, or the next of its kind that it sets, behind that; and as late as the next of these times.
 */
export function latenesses(delay: number, now: number, times: readonly number[]): number[] {
  const later = [...new Set(times)].filter((time) => time > now && time < Infinity).sort((a, b) => a - b);
  const found = new Set<number>();
  for (const time of later.slice(0, mostTimes)) found.add(((time - now) % Math.max(1, delay)) + 1);
  if (later.length > 0) found.add(later[0]! - now);
  return [...found].filter((late) => late <= Math.max(mostLate, delay)).sort((a, b) => a - b).slice(0, mostTimes);
}
