/** The longest time that a host timer had to wait while chunked work ran. */

import { forEachChunked, group } from "../mod.ts";
import type { Bench } from "./harness.ts";

export const bench: Bench = {
  name: "gap",
  claim: "the longest gap in the loop is at most the slice (5 ms) and 1 ms, with 1 and with 21 jobs",
  unit: "ms",
  by: "wall",
  target: undefined,
  most: 6,
  cases() {
    return [1, 21].map((jobs) => ({
      name: `Millrace: ${jobs} job${jobs === 1 ? "" : "s"} of 2 ns items`,
      kind: "ours" as const,
      run: async () => {
        let last = performance.now();
        let longest = 0;
        let timer: ReturnType<typeof setTimeout>;
        const look = (): void => {
          const now = performance.now();
          longest = Math.max(longest, now - last);
          last = now;
          timer = setTimeout(look, 0);
        };
        look();
        let sum = 0;
        await group((g) => {
          for (let job = 0; job < jobs; job++) {
            g.spawn(() =>
              forEachChunked(Math.floor(60_000_000 / jobs), (index) => {
                sum = (Math.imul(sum, 31) + index) | 0;
              })
            );
          }
        });
        clearTimeout(timer!);
        return longest;
      },
    }));
  },
};
