/** The primitives of the scheduler, under many schedules and cancelled everywhere. */

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import {
  Barrier,
  Channel,
  Condition,
  forEachChunked,
  group,
  Latch,
  Mutex,
  Semaphore,
  sleep,
  withTimeout,
} from "../../../mod.ts";
import { searched } from "../../support/searched.ts";
import { testWith } from "../../support/needs.ts";

test("a mutex keeps two out of what one is in, and is free in the end", () =>
  searched(() => {
    const mutex = new Mutex();
    let inside = 0;
    return {
      tasks: true,
      body: (sim) =>
        group((g) => {
          for (const name of ["a", "b", "c"]) {
            g.spawn(async () => {
              await sim.io(`${name} begins`);
              await mutex.run(async () => {
                assertEquals(++inside, 1);
                await sim.io(`${name} works`);
                inside--;
              });
            });
          }
        }),
      after: () => assertEquals(mutex.locked, false),
    };
  }));

test("a semaphore never gives more permits than it has, and has all of them in the end", () =>
  searched(() => {
    const semaphore = new Semaphore(2);
    let inside = 0;
    return {
      tasks: true,
      body: (sim) =>
        group((g) => {
          for (const name of ["a", "b", "c"]) {
            g.spawn(async () => {
              const permit = await semaphore.acquire();
              try {
                assert(++inside <= 2);
                await sim.io(name);
                inside--;
              } finally {
                permit.release();
              }
            });
          }
        }),
      after: () => assert(semaphore.tryAcquire() !== undefined && semaphore.tryAcquire() !== undefined),
    };
  }));

testWith(
  "async context",
  "a channel hands each value to one receiver, or back to whom it belongs",
  () =>
    searched(() => {
      const fates: number[] = [];
      const channel = new Channel<number>(1, { onUndelivered: (value) => void fates.push(value) });
      let sent = 0;
      return {
        body: (sim) =>
          group((g) => {
            g.spawn(async () => {
              for (let value = 0; value < 4; value++) {
                await sim.io(`make ${value}`);
                sent++;
                await channel.send(value);
              }
              channel.close();
            });
            g.spawn(async () => {
              for await (const value of channel) {
                fates.push(value);
                await sim.io(`take ${value}`);
              }
            });
          }),
        after() {
          for (let left = channel.tryReceive(); left !== undefined; left = channel.tryReceive()) fates.push(left.value);
          // A value whose `send` was never called, because the task was cancelled before, has no fate.
          assert(sent - fates.length <= 1, `${fates} of ${sent}`);
          assertEquals(new Set(fates).size, fates.length, `${fates}`);
        },
      };
    }),
);

testWith(
  "async context",
  "a latch lets all through, a barrier all at once, a condition whoever it tells",
  () =>
    searched(() => {
      const [latch, barrier, mutex] = [new Latch(), new Barrier(2), new Mutex()];
      const condition = new Condition(mutex);
      let ready = false;
      return {
        body: (sim) =>
          group((g) => {
            g.spawn(async () => {
              await sim.io("opens");
              latch.open();
              await barrier.wait();
              await mutex.run(() => {
                ready = true;
                condition.notifyAll();
              });
            });
            g.spawn(async () => {
              await latch.wait();
              await sim.io("passes");
              await barrier.wait();
              await mutex.run(async () => {
                while (!ready) await condition.wait();
              });
            });
          }),
        after: () => assertEquals(mutex.locked, false),
      };
    }),
);

test("groups, timeouts and chunked work leave nothing behind", () =>
  searched(() => {
    let open = 0;
    return {
      body: (sim) =>
        group(async (g) => {
          g.defer(async () => {
            await sim.io("cleanup");
            open--;
          });
          open++;
          g.spawn(() => forEachChunked(10, () => {}));
          const task = g.spawn(async () => {
            await sim.io("work");
            return 1;
          });
          const value = await withTimeout(1000, () => task).catch(() => 0);
          assert(value === 0 || value === 1);
          await sleep(5);
        }),
      after: () => assertEquals(open, 0),
    };
  }));
