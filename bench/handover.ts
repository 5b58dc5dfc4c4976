/** Handing things from task to task: items of a channel, permits of a semaphore, and a cancellation down a deep chain. */

import type { Operation } from "effection";
import { Channel, checkpoint, group, Semaphore, sleep } from "../mod.ts";
import { type Bench, type Case, peer, stopwatch, timeEach } from "./harness.ts";

const items = 10_000;

export const channel: Bench = {
  name: "channel",
  claim: "an item handed from a task to a waiting one, each in a turn of its own",
  unit: "us",
  target: undefined,
  async cases() {
    const cases: Case[] = [
      {
        name: "an immediate and a promise for each item",
        kind: "floor",
        run: () =>
          group(() =>
            timeEach(items, async () => {
              for (let index = 0; index < items; index++) await new Promise<void>((resolve) => setImmediate(resolve));
            })
          ),
      },
      {
        name: "Millrace: rendezvous channel",
        kind: "ours",
        run: () =>
          timeEach(items, () =>
            group((g) => {
              const channel = new Channel<number>();
              g.spawn(async () => {
                for (let index = 0; index < items; index++) await channel.send(index);
              });
              g.spawn(async () => {
                for (let index = 0; index < items; index++) await channel.receive();
              });
            })),
      },
      {
        name: "Millrace: channel with room for 64",
        kind: "ours",
        run: () =>
          timeEach(items, () =>
            group((g) => {
              const channel = new Channel<number>(64);
              g.spawn(async () => {
                for (let index = 0; index < items; index++) await channel.send(index);
              });
              g.spawn(async () => {
                for (let index = 0; index < items; index++) await channel.receive();
              });
            })),
      },
    ];
    await peer(cases, "Effect: bounded queue of 1", async () => {
      const { Effect, Fiber, Queue } = await import("effect");
      const program = Effect.gen(function* () {
        const queue = yield* Queue.bounded<number>(1);
        const sender = yield* Effect.forkChild(Effect.gen(function* () {
          for (let index = 0; index < items; index++) yield* Queue.offer(queue, index);
        }));
        for (let index = 0; index < items; index++) yield* Queue.take(queue);
        yield* Fiber.join(sender);
      });
      return () => timeEach(items, () => Effect.runPromise(program));
    });
    await peer(cases, "Effection: queue without a limit", async () => {
      const { createQueue, run, spawn } = await import("effection");
      return () =>
        timeEach(items, () =>
          run(function* () {
            const queue = createQueue<number, void>();
            const reader = yield* spawn(function* () {
              for (let index = 0; index < items; index++) yield* queue.next();
            });
            for (let index = 0; index < items; index++) queue.add(index);
            yield* reader;
          }));
    });
    return cases;
  },
};

/** How many tasks want the one permit, and how often each. */
const contenders = 10;
const times = 500;

export const semaphore: Bench = {
  name: "semaphore",
  claim: "a permit handed from a task to the next who waits for it",
  unit: "us",
  target: undefined,
  async cases() {
    const cases: Case[] = [
      {
        name: "Millrace: Semaphore(1).run",
        kind: "ours",
        run: () =>
          timeEach(contenders * times, () =>
            group((g) => {
              const one = new Semaphore(1);
              for (let index = 0; index < contenders; index++) {
                g.spawn(async () => {
                  for (let round = 0; round < times; round++) await one.run(() => Promise.resolve());
                });
              }
            })),
      },
    ];
    await peer(cases, "Effect: semaphore of 1", async () => {
      const { Effect, Semaphore } = await import("effect");
      const program = Effect.gen(function* () {
        const one = yield* Semaphore.make(1);
        const contender = Effect.gen(function* () {
          for (let round = 0; round < times; round++) {
            yield* one.withPermits(1)(Effect.promise(() => Promise.resolve()));
          }
        });
        yield* Effect.all(Array.from({ length: contenders }, () => contender), { concurrency: "unbounded" });
      });
      return () => timeEach(contenders * times, () => Effect.runPromise(program));
    });
    await peer(cases, "p-limit(1)", async () => {
      const { default: pLimit } = await import("p-limit");
      return () =>
        timeEach(contenders * times, () => {
          const limit = pLimit(1);
          return Promise.all(Array.from({ length: contenders }, async () => {
            for (let round = 0; round < times; round++) await limit(() => Promise.resolve());
          }));
        });
    });
    await peer(cases, "p-queue({ concurrency: 1 })", async () => {
      const { default: PQueue } = await import("p-queue");
      return () =>
        timeEach(contenders * times, () => {
          const queue = new PQueue({ concurrency: 1 });
          return Promise.all(Array.from({ length: contenders }, async () => {
            for (let round = 0; round < times; round++) await queue.add(() => Promise.resolve());
          }));
        });
    });
    return cases;
  },
};

const depth = 500;

export const deepCancel: Bench = {
  name: "deep-cancel",
  claim: "a cancellation down a chain of groups, each waiting for the next, to the end of the outermost",
  unit: "us",
  target: undefined,
  rounds: 7,
  async cases() {
    async function nest(left: number, deepest: () => void): Promise<void> {
      if (left > 0) return await group((inner) => void inner.spawn(() => nest(left - 1, deepest)));
      deepest();
      await sleep(1e9);
    }
    const cases: Case[] = [{
      name: `Millrace: ${depth} groups`,
      kind: "ours",
      async run() {
        let stop!: ReturnType<typeof stopwatch>;
        await group(async (g) => {
          const reached = new Promise<void>((resolve) => g.spawn(() => nest(depth, resolve)));
          await reached;
          await checkpoint();
          stop = stopwatch();
          g.cancel();
        });
        return stop(depth);
      },
    }];
    await peer(cases, `Effect: ${depth} fibers`, async () => {
      const { Deferred, Effect, Fiber } = await import("effect");
      type Nested = ReturnType<typeof Effect.sleep>;
      return () =>
        Effect.runPromise(Effect.gen(function* () {
          const reached = yield* Deferred.make<void>();
          const nested = (left: number): Nested =>
            left > 0
              ? Effect.flatMap(Effect.forkChild(Effect.suspend(() => nested(left - 1))), (fiber) => Fiber.join(fiber))
              : Effect.andThen(Deferred.succeed(reached, undefined), Effect.sleep("1 day")) as Nested;
          const top = yield* Effect.forkChild(nested(depth));
          yield* Deferred.await(reached);
          const stop = stopwatch();
          yield* Fiber.interrupt(top);
          return stop(depth);
        }));
    });
    await peer(cases, `Effection: ${depth} tasks`, async () => {
      const { run, sleep, spawn, suspend } = await import("effection");
      function* nested(left: number): Operation<void> {
        if (left === 0) return yield* suspend();
        yield* yield* spawn(() => nested(left - 1));
      }
      return () =>
        run(function* () {
          const top = yield* spawn(() => nested(depth));
          yield* sleep(50);
          const stop = stopwatch();
          yield* top.halt();
          return stop(depth);
        });
    });
    return cases;
  },
};
