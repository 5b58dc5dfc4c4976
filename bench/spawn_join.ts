/** A task in a group, from spawn to the group's end, beside an immediate and an async function for each. */

import { group } from "../mod.ts";
import { type Bench, type Case, peer, timeEach } from "./harness.ts";

const count = 10_000;

export const bench: Bench = {
  name: "spawn-join",
  claim: "spawn and join cost at most 1.5 x an immediate and an async function, the ambient task included",
  unit: "us",
  target: 1.5,
  rounds: 21,
  async cases() {
    // As a task costs: nothing in it, and one that waits for a microtask.
    const work = async (): Promise<void> => {};
    const cases: Case[] = [
      {
        name: "an immediate and an async function each",
        kind: "floor",
        // Inside a group, so that the host carries an async context here too.
        run: () =>
          group(() =>
            timeEach(count, () => {
              const promises: Promise<void>[] = [];
              for (let index = 0; index < count; index++) {
                promises.push(
                  new Promise((resolve) =>
                    setImmediate(async () => {
                      await work();
                      resolve();
                    })
                  ),
                );
              }
              return Promise.all(promises);
            })
          ),
      },
      {
        name: "Millrace: group and spawn",
        kind: "ours",
        run: () =>
          timeEach(count, () =>
            group((g) => {
              for (let index = 0; index < count; index++) g.spawn(work);
            })),
      },
    ];
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
