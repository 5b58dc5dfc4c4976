/** What tasks hand to each other, while one of those who wait is cancelled at any moment: nothing is lost, nobody waits for ever. */

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import {
  Barrier,
  BarrierBrokenError,
  Cancelled,
  Channel,
  Condition,
  group,
  Latch,
  Mutex,
  Semaphore,
  type Task,
  type TaskGroup,
} from "../../../mod.ts";
import { explore, type Simulation } from "../../../testing.ts";
import { searched } from "../../support/searched.ts";
import { testWith } from "../../support/needs.ts";

/** Spawns a task that the schedule cancels at any time, or not before its end. */
function cancellable<T>(sim: Simulation, g: TaskGroup, name: string, fn: () => Promise<T>): Task<unknown> {
  const task: Task<unknown> = g.attempt(fn, { name });
  g.spawn(async () => {
    await sim.io(`${name} is cancelled`);
    task.cancel();
  });
  return task;
}

testWith("async context", "a notification that a cancelled waiter had is the next one's", async () => {
  const { reached } = await explore(async (sim) => {
    const mutex = new Mutex();
    const condition = new Condition(mutex);
    const woken: string[] = [];
    let told = false;
    await group(async (g) => {
      const waits = (name: string) => async () => {
        await mutex.run(async () => {
          await condition.wait();
          woken.push(name);
        });
      };
      cancellable(sim, g, "first", waits("first"));
      const second = g.spawn(waits("second"), { name: "second" });
      g.spawn(async () => {
        await sim.io("something changes");
        await mutex.run(() => condition.notify());
        told = true;
      });
      await sim.allBlocked();
      assert(told);
      // Exactly one notification was given: either one has it, and never both nor nobody.
      assertEquals(woken.length, 1, woken.join());
      sim.sometimes(woken[0]!);
      second.cancel();
      await g.join().catch(() => {});
    });
    assertEquals([mutex.locked, condition.statistics().waiting], [false, 0]);
  });
  assert(reached["first"]! > 0 && reached["second"]! > 0, JSON.stringify(reached));
});

test("a permit is never lost with a cancelled waiter, and the limit may change meanwhile", async () => {
  await explore(async (sim) => {
    const semaphore = new Semaphore(1);
    let inside = 0;
    await group((g) => {
      const works = (name: string) => () =>
        semaphore.run(async () => {
          assert(++inside <= semaphore.limit);
          try {
            await sim.io(`${name} works`);
          } finally {
            inside--;
          }
        });
      g.spawn(works("a"));
      cancellable(sim, g, "b", works("b"));
      g.spawn(works("c"));
      g.spawn(async () => {
        await sim.io("the limit is raised");
        semaphore.limit = 2;
      });
    });
    assertEquals([semaphore.tryAcquire() !== undefined, semaphore.tryAcquire() !== undefined], [true, true]);
  }, { maxSchedules: 1500 });
});

for (const capacity of [0, 1]) {
  for (const overflow of ["wait", "sliding", "dropping"] as const) {
    // What slides needs a place to do so.
    if (capacity === 0 && overflow === "sliding") continue;
    test(`each value sent over a channel of ${capacity} that is ${overflow} has one fate, whoever is cancelled`, async () => {
      await explore(async (sim) => {
        const fates = new Map<number, string>();
        const fate = (value: number, what: string) => {
          assert(!fates.has(value), `${value} is ${what} and ${fates.get(value)}`);
          fates.set(value, what);
        };
        const channel = new Channel<number>(capacity, {
          overflow,
          onUndelivered: (value) => fate(value, "undelivered"),
        });
        const sent: number[] = [];
        await group((g) => {
          cancellable(sim, g, "sender", async () => {
            for (let value = 0; value < 3; value++) {
              sent.push(value);
              await channel.send(value);
              await sim.io(`after ${value}`);
            }
          });
          cancellable(sim, g, "receiver", async () => {
            for (;;) fate(await channel.receive(), "received");
          });
          g.spawn(async () => {
            await sim.allBlocked();
            channel.close();
            for await (const value of channel) fate(value, "left");
          });
        });
        assertEquals([...fates.keys()].sort(), sent);
      }, { maxSchedules: 600 });
    });
  }
}

testWith(
  "async context",
  "ends of a channel that go away one after the other end it, and strand nobody",
  () =>
    searched(() => {
      const channel = new Channel<number>(1);
      const received: number[] = [];
      return {
        body: (sim) =>
          group((g) => {
            for (const name of ["a", "b"]) {
              const sender = channel.sender();
              g.defer(() => sender.close());
              g.spawn(async () => {
                await sim.io(`${name} begins`);
                await sender.send(1);
                await sender.send(2);
                sender.close();
              });
            }
            const receiver = channel.receiver();
            g.defer(() => receiver.close());
            g.spawn(async () => {
              for await (const value of receiver) received.push(value);
              assertEquals(received.length, 4);
            });
          }),
        after() {
          const { sending, receiving, senders, receivers } = channel.statistics();
          assertEquals([sending, receiving, senders, receivers], [0, 0, 0, 0]);
        },
      };
    }),
);

testWith(
  "async context",
  "a barrier lets all parties go, or breaks for all of them when one is cancelled",
  async () => {
    const { reached } = await explore(async (sim) => {
      const barrier = new Barrier(3);
      const ends: string[] = [];
      const party = (name: string) => async () => {
        await sim.io(`${name} arrives`);
        try {
          await barrier.wait();
          ends.push("passed");
        } catch (error) {
          ends.push(error instanceof BarrierBrokenError ? "broken" : "cancelled");
          assert(error instanceof BarrierBrokenError || error instanceof Cancelled);
        }
      };
      await group((g) => {
        g.spawn(party("a"));
        g.spawn(party("b"));
        cancellable(sim, g, "c", party("c"));
      });
      // Who has passed before the cancellation has passed; nobody waits.
      const passed = ends.filter((end) => end === "passed").length;
      assert(passed === 0 || passed >= 2, ends.join());
      for (const end of ends) sim.sometimes(end);
      assertEquals(barrier.statistics().waiting, 0);
    }, { maxSchedules: 1500 });
    assert(reached["passed"]! > 0 && reached["broken"]! > 0, JSON.stringify(reached));
  },
);

test("a latch that opens while one waiter is cancelled lets the others through", async () => {
  await explore(async (sim) => {
    const latch = new Latch();
    let through = 0;
    await group((g) => {
      cancellable(sim, g, "first", () => latch.wait());
      for (let waiter = 0; waiter < 2; waiter++) g.spawn(() => latch.wait().then(() => through++));
      g.spawn(async () => {
        await sim.io("opens");
        latch.open();
      });
    });
    assertEquals([through, latch.statistics().waiting], [2, 0]);
  });
});

test("two locks taken in one order by tasks that are cancelled deadlock nobody", () =>
  searched(() => {
    const [left, right] = [new Mutex(), new Mutex()];
    return {
      tasks: true,
      body: (sim) =>
        group((g) => {
          for (const name of ["a", "b", "c"]) {
            g.spawn(() =>
              left.run(async () => {
                await sim.io(`${name} has one`);
                await right.run(() => sim.io(`${name} has both`));
              })
            );
          }
        }),
      after: () => assertEquals([left.locked, right.locked], [false, false]),
    };
  }));
