/** Chunked work over small items beside the plain loop. */

import { forEachChunked } from "../mod.ts";
import { type Bench, timeEach } from "./harness.ts";

const count = 20_000_000;

export const bench: Bench = {
  name: "chunked",
  claim: "chunked work costs at most 1.05 x the plain loop over items of 2.4 ns",
  unit: "us",
  target: 1.05,
  cases() {
    let sum = 0;
    const item = (index: number): void => {
      sum = (Math.imul(sum, 31) + (index ^ (sum >>> 7))) | 0;
    };
    const plain = (): void => {
      for (let index = 0; index < count; index++) item(index);
    };
    return [
      { name: "plain loop", kind: "floor", run: () => timeEach(count, plain) },
      {
        name: "Millrace: forEachChunked(count)",
        kind: "ours",
        run: () => timeEach(count, () => forEachChunked(count, item)),
      },
    ];
  },
};
