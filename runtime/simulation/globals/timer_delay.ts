import type { World } from "../loop/world.ts";

/** The longest delay a timer of a host keeps, in ms. */
export const longestDelay: number = 2 ** 31 - 1;

/** The delay a timer has: of at least the profile's shortest, and that one where it is too long. */
export function delayOf(world: World, ms: unknown): number {
  const delay = Math.trunc(Number(ms));
  const { shortestDelay } = world.settings;
  return delay >= shortestDelay && delay <= longestDelay ? delay : shortestDelay;
}

/** In a browser a timer set by a timer, and so on for more than so many, waits `clampedDelay` at least. */
const nestingToClamp = 5;
const clampedDelay = 4;

/** The delay of a timer that is set so deep in timers that set timers. */
export function clamped(world: World, delay: number, nesting: number): number {
  return world.settings.isBrowser && nesting > nestingToClamp ? Math.max(delay, clampedDelay) : delay;
}
