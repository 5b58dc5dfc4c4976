/** The same search, again and again for a while: in slices, or naively. The page shows what that does to other requests. */

import { checkpoint } from "../../mod.ts";
import type { SearchIndex } from "./search_index.ts";
import type { Words } from "./tokenizer.ts";

/** The longest while, in ms. Whoever asks for it holds up everybody else, and can do so only for as long as this. */
export const longestWhile = 500;
/** How many files are kept of each search. */
const kept = 20;

/** Scores the files for `ms`; in slices the loop is free between them, naively it does nothing else. Gives how often it did. */
export async function searchRepeatedly(
  index: SearchIndex,
  words: Words,
  ms: number,
  naively: boolean,
): Promise<number> {
  const end = performance.now() + ms;
  let rounds = 0;
  do {
    if (naively) index.searchAtOnce(words, kept);
    else {
      await index.search(words, kept);
      // A search of few files is over within a slice: others get the loop between two of them too.
      await checkpoint();
    }
    rounds++;
  } while (performance.now() < end);
  return rounds;
}
