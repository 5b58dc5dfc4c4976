/**
 * The slice on the real host: what timers and a loopback socket wait for while work is queued. Counted in slices and items,
 * not in ms, so that a machine that is busy with something else does not matter.
 */

import fc from "fast-check";
import { connect, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { assert } from "@std/assert";
import { checkpoint, configure, group, runChunked } from "../../mod.ts";
import { loop } from "../../scheduler/loop.ts";

/** A connection to a server that sends everything back. */
async function openEcho(): Promise<{ echo: () => Promise<void>; close: () => Promise<void> }> {
  const server = createServer((socket) => {
    socket.setNoDelay(true);
    socket.on("data", (data) => socket.write(data));
    socket.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const socket: Socket = connect((server.address() as { port: number }).port, "127.0.0.1");
  await new Promise<void>((resolve) => socket.once("connect", () => resolve()));
  socket.setNoDelay(true);
  return {
    echo: () =>
      new Promise((resolve) => {
        socket.once("data", () => resolve());
        socket.write("x");
      }),
    close: async () => {
      socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function spin(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** How much of something had happened from one look to the next, at the worst of several times. */
async function worst(times: number, count: () => number, wait: () => Promise<unknown>): Promise<number> {
  let most = 0;
  for (let time = 0; time < times; time++) {
    const before = count();
    await wait();
    most = Math.max(most, count() - before);
  }
  return most;
}

const timer = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

/**
 * An echo needs the loop's poll twice, once at the server and once at the client, and may just have missed one; a host that does
 * sockets in steps of its own needs a third. A timer needs the loop once.
 */
const slicesOfAnEcho = 6;
const slicesOfATimer = 3;

test("whatever is queued, an echo takes a few slices and a timer takes its time and a slice", async () => {
  const { queue } = loop();
  const { echo, close } = await openEcho();
  await echo();
  try {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          // One job at least, so that every slice is used up: else a slice is as short as what there is to do.
          jobs: fc.integer({ min: 1, max: 21 }),
          entries: fc.nat(60),
          cost: fc.double({ min: 0.02, max: 2, noNaN: true }),
          slice: fc.constantFrom(1, 5),
        }),
        async ({ jobs, entries, cost, slice }) => {
          configure({ slice });
          let stopped = false;
          const [forEcho, forTimer] = await group(async (g) => {
            for (let job = 0; job < jobs; job++) {
              g.spawn(() =>
                runChunked(function* () {
                  while (!stopped) {
                    spin(cost);
                    yield;
                  }
                })
              );
            }
            for (let entry = 0; entry < entries; entry++) {
              g.spawn(async () => {
                while (!stopped) {
                  spin(0.05);
                  await checkpoint();
                }
              });
            }
            const slices = (): number => queue.slices;
            const found = [await worst(3, slices, echo), await worst(3, slices, timer)];
            stopped = true;
            return found;
          });
          assert(forEcho! <= slicesOfAnEcho, `an echo took ${forEcho} slices`);
          // A timer of 1 ms takes two slices of 1 ms anyway.
          assert(forTimer! <= slicesOfATimer + 2 / slice, `a timer took ${forTimer} slices`);
        },
      ),
      { numRuns: 12 },
    );
  } finally {
    configure({ slice: 5 });
    await close();
  }
});

test("21 jobs that each yield politely by setImmediate keep an echo waiting for all of them, ours for a slice", async () => {
  const { echo, close } = await openEcho();
  await echo();
  let items = 0;
  const item = (): void => {
    spin(1);
    items++;
  };
  async function underLoad(job: (stopped: () => boolean) => Promise<unknown>): Promise<number> {
    let stopped = false;
    const running = Array.from({ length: 21 }, () => job(() => stopped));
    const found = await worst(3, () => items, echo);
    stopped = true;
    await Promise.all(running);
    return found;
  }
  const naive = await underLoad(async (stopped) => {
    while (!stopped()) {
      item();
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  });
  const ours = await underLoad((stopped) =>
    runChunked(function* () {
      while (!stopped()) {
        item();
        yield;
      }
    })
  );
  await close();
  // Five items of 1 ms fill a slice of 5 ms.
  assert(ours <= slicesOfAnEcho * 6, `ours: ${ours} items`);
  assert(naive >= 21, `naive: ${naive} items`);
});
