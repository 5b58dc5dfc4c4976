/** The chunked work of this program. */

import { runChunked } from "../../mod.ts";

/** How many pieces of chunked work had an item longer than a slice; a process that is stopped for a while makes it look so. */
let slowItems = 0;

/** Runs a generator in slices, and counts the slow items instead of printing them. */
export function inChunks<T>(name: string, generator: () => Generator<unknown, T, undefined>): Promise<T> {
  return runChunked(generator, { name, onSlowItem: () => void slowItems++ });
}

/** The count so far. */
export function slowItemCount(): number {
  return slowItems;
}
