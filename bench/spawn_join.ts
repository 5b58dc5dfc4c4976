/** A task in a group, from spawn to the group's end, beside an immediate and an async function for each. */

import { group } from "../mod.ts";
import { type Bench, type Case, peer, timeEach } from "./harness.ts";

const count = 10_000;

// As a task costs: nothing in it, and one that waits for a microtask.
const work = async (): Promise<void> => {};

/** An immediate and an async function for each of `size`, so often. */
function floor(size: number, times: number = 1): Case {
  async function once(): Promise<void> {
    const promises: Promise<void>[] = [];
    for (let index = 0; index < size; index++) {
      promises.push(
        new Promise((resolve) =>
          setImmediate(async () => {
            await work();
            resolve();
          })
        ),
      );
    }
    await Promise.all(promises);
  }
  return {
    name: "an immediate and an async function each",
    kind: "floor",
    // Inside a group, so that the host carries an async context here too.
    run: () => group(() => timeEach(size * times, () => repeat(times, once))),
  };
}

function ours(size: number, times: number = 1): Case {
  const once = () =>
    group((g) => {
      for (let index = 0; index < size; index++) g.spawn(work);
    });
  return {
    name: "Millrace: group and spawn",
    kind: "ours",
    run: () => timeEach(size * times, () => repeat(times, once)),
  };
}

async function repeat(times: number, once: () => Promise<unknown>): Promise<void> {
  for (let time = 0; time < times; time++) await once();
}

export const spawnFew: Bench = {
  name: "spawn-join-1000",
  claim: "in groups of 1,000, spawn and join cost at most 1.5 x a turn of the host and an async function each",
  unit: "us",
  target: 1.5,
  rounds: 15,
  cases: () => [floor(1000, 50), ours(1000, 50)],
};

export const spawnMany: Bench = {
  ...spawnFew,
  name: "spawn-join-50000",
  claim: "in a group of 50,000, spawn and join cost at most 1.5 x a turn of the host and an async function each",
  cases: () => [floor(50_000), ours(50_000)],
};

export const bench: Bench = {
  name: "spawn-join",
  claim: "spawn and join cost at most 1.5 x an immediate and an async function, the ambient task included",
  unit: "us",
  target: 1.5,
  rounds: 21,
  async cases() {
    const cases = [floor(count), ours(count)];
    await peer(cases, "Effect: forkChild and joinAll", async () => {
      const { Effect, Fiber } = await import("effect");
      const one = Effect.promise(work);
      const program = Effect.gen(function* () {
        const fibers = [];
        for (let index = 0; index < count; index++) fibers.push(yield* Effect.forkChild(one));
        yield* Fiber.joinAll(fibers);
      });
      return () => timeEach(count, () => Effect.runPromise(program));
    });
    await peer(cases, "p-limit(Infinity)", async () => {
      const { default: pLimit } = await import("p-limit");
      const limit = pLimit(Infinity);
      return () =>
        timeEach(count, () => {
          const promises: Promise<void>[] = [];
          for (let index = 0; index < count; index++) promises.push(limit(work));
          return Promise.all(promises);
        });
    });
    return cases;
  },
};
