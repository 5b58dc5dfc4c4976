/**
 * The heap of a task that sleeps, beside an async function on setTimeout with an async context.
 *
 * A heap snapshot on Node tells where a task's bytes are: the task's node (270) and handle (32), the wait (150) with its
 * promise and the two functions that settle it (210), the reaction to the end of the task's function with the promise that
 * `then` makes for it (100, on Node 20 another 70 of async ids), and what the floor has too: the function's closure,
 * generator, promise and await (430), and on Node 24 and later the map of the async context (230). The floor has a timer of the
 * host in the place of the first three. What would be left to save is the second of the settling functions and the
 * bits of the node.
 */

import { AsyncLocalStorage } from "node:async_hooks";
import { group, sleep } from "../mod.ts";
import type { Bench } from "./harness.ts";

const count = 200_000;

export const bench: Bench = {
  name: "parked",
  claim: "a parked task weighs no more heap than a raw async function on setTimeout with async context",
  unit: "bytes",
  target: 1,
  rounds: 3,
  cases() {
    const storage = new AsyncLocalStorage();
    return [
      {
        name: "async functions on setTimeout, with async context",
        kind: "floor",
        run: async () => {
          const timers: ReturnType<typeof setTimeout>[] = [];
          const promises: Promise<void>[] = [];
          const ends: (() => void)[] = [];
          const before = heap();
          for (let index = 0; index < count; index++) {
            promises.push(storage.run({ index }, async () => {
              await new Promise<void>((resolve) => {
                ends.push(resolve);
                timers.push(setTimeout(resolve, 1e8));
              });
            }));
          }
          await new Promise((resolve) => setTimeout(resolve, 10));
          // The three lists are the bench's own: 8 bytes each an entry.
          const weight = (heap() - before) / count - 24;
          timers.forEach((timer) => clearTimeout(timer));
          ends.forEach((end) => end());
          await Promise.all(promises);
          return weight;
        },
      },
      {
        name: "Millrace: tasks in sleep()",
        kind: "ours",
        run: () =>
          group(async (g) => {
            const before = heap();
            for (let index = 0; index < count; index++) {
              g.spawn(async () => {
                await sleep(1e8);
              });
            }
            await sleep(1500);
            const weight = (heap() - before) / count;
            g.cancel();
            g.defer(() => {});
            return weight;
          }),
      },
    ];
  },
};

function heap(): number {
  const { gc, Bun } = globalThis as { gc?: () => void; Bun?: { gc(full: boolean): void } };
  for (let times = 0; times < 3; times++) Bun === undefined ? gc?.() : Bun.gc(true);
  return process.memoryUsage().heapUsed;
}
