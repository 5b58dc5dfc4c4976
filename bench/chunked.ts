/** Chunked work beside the plain loop: over tiny items and larger ones, counts and typed arrays, one callback and many. */

import { forEachChunked, reduceChunked } from "../mod.ts";
import { type Bench, timeEach } from "./harness.ts";

const count = 20_000_000;
let sum = 0;

const item = (index: number): void => {
  sum = (Math.imul(sum, 31) + (index ^ (sum >>> 7))) | 0;
};

const plain = (): void => {
  for (let index = 0; index < count; index++) item(index);
};

export const bench: Bench = {
  name: "chunked",
  claim: "chunked work costs at most 1.05 x the plain loop over items of 2.4 ns",
  unit: "us",
  target: 1.05,
  cases: () => [
    { name: "plain loop", kind: "floor", run: () => timeEach(count, plain) },
    {
      name: "Millrace: forEachChunked(count)",
      kind: "ours",
      run: () => timeEach(count, () => forEachChunked(count, item)),
    },
  ],
};

export const afterOthers: Bench = {
  ...bench,
  name: "chunked-many",
  claim:
    "also in a process that has done chunked work with many other callbacks, where one shared loop would be slower",
  async cases() {
    const others = [
      (index: number): void => void (sum += index),
      (index: number): void => void (sum ^= index),
      (index: number): void => void (sum = Math.max(sum, index)),
      (index: number): void => void (sum -= index & 7),
      (index: number): void => void (index % 3 === 0 && sum++),
    ];
    for (const other of others) await forEachChunked(1_000_000, other);
    await forEachChunked(new Float64Array(100_000), () => {});
    return bench.cases();
  },
};

export const typedArray: Bench = {
  name: "chunked-array",
  claim: "the same over a typed array",
  unit: "us",
  target: 1.05,
  cases() {
    const values = Float64Array.from({ length: count / 2 }, (_, index) => index % 1000);
    const add = (total: number, value: number): number => total * 0.5 + value;
    return [
      {
        name: "plain loop",
        kind: "floor",
        run: () =>
          timeEach(values.length, () => {
            let total = 0;
            for (let index = 0; index < values.length; index++) total = add(total, values[index]!);
            sum ^= total;
          }),
      },
      {
        name: "Millrace: reduceChunked(Float64Array)",
        kind: "ours",
        run: () => timeEach(values.length, () => reduceChunked(values, add, 0)),
      },
    ];
  },
};

export const largerItems: Bench = {
  name: "chunked-1us",
  claim: "at most 1.02 x the plain loop over items of 1 us",
  unit: "us",
  target: 1.02,
  cases() {
    const larger = (index: number): void => {
      for (let times = 0; times < 200; times++) item(index + times);
    };
    const items = 100_000;
    return [
      {
        name: "plain loop",
        kind: "floor",
        run: () =>
          timeEach(items, () => {
            for (let index = 0; index < items; index++) larger(index);
          }),
      },
      {
        name: "Millrace: forEachChunked(count)",
        kind: "ours",
        run: () => timeEach(items, () => forEachChunked(items, larger)),
      },
    ];
  },
};
