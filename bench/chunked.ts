/** Chunked work beside the plain loop: over tiny items and larger ones, counts and typed arrays, one callback and many. */

import { forEachChunked, group, reduceChunked } from "../mod.ts";
import { type Bench, type Case, peer, timeEach } from "./harness.ts";

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
  async cases() {
    const cases = countCases();
    // A hundredth of the items: these are that much slower.
    const fewer = count / 100;
    await peer(
      cases,
      "a loop that awaits setImmediate after each 1000 items",
      () =>
        Promise.resolve(() =>
          timeEach(fewer, async () => {
            for (let index = 0; index < fewer; index++) {
              item(index);
              if (index % 1000 === 999) await new Promise<void>((resolve) => setImmediate(resolve));
            }
          })
        ),
    );
    await peer(cases, "React's scheduler, asked after each item", async () => {
      // @ts-expect-error: the package has no types
      const react = (await import("scheduler")).default;
      return () =>
        timeEach(fewer, () =>
          new Promise<void>((resolve) => {
            let index = 0;
            function work(): unknown {
              while (index < fewer) {
                item(index++);
                if (react.unstable_shouldYield()) return work;
              }
              return resolve();
            }
            react.unstable_scheduleCallback(react.unstable_NormalPriority, work);
          }));
    });
    await peer(cases, "main-thread-scheduling, asked for each item", async () => {
      const { isTimeToYield, yieldControl } = await import("main-thread-scheduling");
      const end = performance.now() + 100;
      while (performance.now() < end);
      if (!isTimeToYield()) throw new Error("it does nothing outside a browser's window");
      return () =>
        timeEach(fewer, async () => {
          for (let index = 0; index < fewer; index++) {
            item(index);
            if (isTimeToYield()) await yieldControl();
          }
        });
    });
    await peer(cases, "Effect.forEach", async () => {
      const { Effect } = await import("effect");
      const indexes = Array.from({ length: fewer }, (_, index) => index);
      return () =>
        timeEach(fewer, () =>
          Effect.runPromise(
            Effect.forEach(indexes, (index) => Effect.sync(() => item(index)), { discard: true }),
          ));
    });
    return cases;
  },
};

function countCases(): Case[] {
  return [
    { name: "plain loop", kind: "floor", run: () => timeEach(count, plain) },
    {
      name: "Millrace: forEachChunked(count)",
      kind: "ours",
      run: () => timeEach(count, () => forEachChunked(count, item)),
    },
  ];
}

export const afterOthers: Bench = {
  ...bench,
  name: "chunked-many",
  claim:
    "chunked work costs at most 1.05 x the plain loop in a process that has done it with many other callbacks, too",
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
    return countCases();
  },
};

export const typedArray: Bench = {
  name: "chunked-array",
  claim: "to reduce a typed array in slices costs at most 1.1 x the plain loop",
  unit: "us",
  target: 1.1,
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

export const list: Bench = {
  name: "chunked-list",
  claim: "over an array, chunked work costs at most 1.1 x the plain loop over items of 2.4 ns",
  unit: "us",
  target: 1.1,
  cases() {
    const values = Array.from({ length: count / 4 }, (_, index) => index);
    return [
      {
        name: "plain loop",
        kind: "floor",
        run: () =>
          timeEach(values.length, () => {
            for (let index = 0; index < values.length; index++) item(values[index]!);
          }),
      },
      {
        name: "Millrace: forEachChunked(array)",
        kind: "ours",
        run: () => timeEach(values.length, () => forEachChunked(values, item)),
      },
    ];
  },
};

export const iterable: Bench = {
  name: "chunked-iterable",
  claim: "over an iterable, chunked work costs at most 1.2 x for...of with items of 2.4 ns",
  unit: "us",
  target: 1.2,
  cases() {
    const values = new Set(Array.from({ length: count / 8 }, (_, index) => index));
    return [
      {
        name: "for...of a set",
        kind: "floor",
        run: () =>
          timeEach(values.size, () => {
            for (const value of values) item(value);
          }),
      },
      {
        name: "Millrace: forEachChunked(set)",
        kind: "ours",
        run: () => timeEach(values.size, () => forEachChunked(values, item)),
      },
    ];
  },
};

export const largerItems: Bench = {
  name: "chunked-1us",
  claim: "chunked work costs at most 1.02 x the plain loop over items of 1 us",
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

export const manyJobs: Bench = {
  name: "chunked-21-jobs",
  claim: "21 jobs at once take at most 1.03 x the time of their loops one after the other (1.07 x on Deno)",
  unit: "us",
  target: 1.03,
  cases() {
    const jobs = 21;
    const items = 2000;
    const dearer = (index: number): void => {
      for (let times = 0; times < 2000; times++) item(index + times);
    };
    return [
      {
        name: "21 plain loops",
        kind: "floor",
        run: () =>
          timeEach(jobs * items, () => {
            for (let index = 0; index < jobs * items; index++) dearer(index);
          }),
      },
      {
        name: "Millrace: 21 jobs",
        kind: "ours",
        run: () =>
          timeEach(jobs * items, () =>
            group((g) => {
              for (let job = 0; job < jobs; job++) g.spawn(() => forEachChunked(items, dearer, { onSlowItem() {} }));
            })),
      },
    ];
  },
};
