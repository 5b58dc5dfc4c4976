/**
 * Places in a program that may go their unusual way where a simulation says so.
 *
 * @module
 */

/** Decides in a simulation; `undefined` outside of one. */
let decide: ((label: string) => boolean) | undefined;

/**
 * Marks a place in a program where something allowed and unusual may happen: a cache that is empty, a batch of one, a timeout that is
 * short, a crash between two writes. Answers `false` outside of simulations, at the cost of one comparison. In a run of `soak` a quarter of
 * the places are switched on, and each of these happens every fourth time; in `explore` it is a choice of the schedule where the body has
 * allowed faults (`sim.faults()`).
 *
 * Let the place be one after which the program goes on: one that happens each time has to end all the same.
 *
 * @param label Names the place in what is told of a run: give each place one of its own.
 *
 * @example
 * ```ts
 * import { buggify } from "@millrace/millrace";
 *
 * const batch = buggify("a batch of one") ? 1 : 100;
 * console.log(batch);
 * // -> 100
 * ```
 */
export function buggify(label: string): boolean {
  return decide !== undefined && decide(label);
}

/** From now on this decides; the function it returns ends that. */
export function decideBuggify(by: (label: string) => boolean): () => void {
  decide = by;
  return () => void (decide = undefined);
}
