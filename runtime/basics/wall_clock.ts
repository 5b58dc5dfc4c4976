/**
 * The time of day, which other machines have, too.
 *
 * @module
 */

/** Milliseconds since 1970, by a clock that may be set, and may be another one elsewhere: for what is said to others, not for waits. */
export function wallClock(): number {
  return Date.now();
}
