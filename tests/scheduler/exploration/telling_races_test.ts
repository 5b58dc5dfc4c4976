/** What may come between the mark of a cancellation and its telling, in all orders. */

import { assert, assertEquals } from "@std/assert";
import {
  Barrier,
  Cancelled,
  CancelScope,
  Channel,
  group,
  interruptible,
  Latch,
  Mutex,
  Semaphore,
  sleep,
  type Task,
  tasks,
  TeardownError,
} from "../../../mod.ts";
import { explore, type Simulation } from "../../../testing.ts";
import { testWith } from "../../support/needs.ts";
import { tellSingly } from "../../support/tell_singly.ts";

/** Explores a body in which cancellations are told one by one. */
function testTold(title: string, body: (sim: Simulation) => Promise<void>): void {
  testWith("async context", title, async () => {
    const told = async (sim: Simulation): Promise<void> => {
      tellSingly();
      await body(sim);
      assertEquals(tasks(), []);
    };
    const { schedules } = await explore(told, { maxSchedules: 300 });
    assert(schedules > 1, "there was no race");
    await explore(told, { maxSchedules: 200, strategy: "random", seed: 1 });
  });
}

testTold(
  "an item that comes between the mark and the telling is received, kept, or handed to onUndelivered",
  async (sim) => {
    const undelivered: number[] = [];
    const received: number[] = [];
    const channel = new Channel<number>(0, { onUndelivered: (item) => undelivered.push(item) });
    const sent: number[] = [];
    await group(async (g) => {
      const receiving = group((inner) => {
        for (let index = 0; index < 3; index++) inner.spawn(async () => received.push(await channel.receive()));
        g.spawn(async () => {
          await interruptible(sim.io("cancel"));
          inner.cancel();
        });
      });
      const sending = [1, 2].map((item) =>
        g.spawn(async () => {
          await interruptible(sim.io(`send ${item}`));
          await channel.send(item);
          sent.push(item);
        })
      );
      await receiving;
      await sim.io("end");
      for (const task of sending) task.cancel();
    });
    const left = channel.tryReceive();
    const all = [...received, ...undelivered, ...(left === undefined ? [] : [left.value])];
    for (let more = channel.tryReceive(); more !== undefined; more = channel.tryReceive()) all.push(more.value);
    for (const item of sent) assertEquals(all.filter((each) => each === item), [item]);
    assertEquals(new Set(all).size, all.length);
  },
);

testTold("a permit that is free between the mark and the telling goes to whoever is not cancelled", async (sim) => {
  for (const lock of [new Semaphore(1), new Mutex()]) {
    const permit = lock.tryAcquire()!;
    let got = false;
    await group(async (g) => {
      g.spawn(() =>
        group((inner) => {
          for (let index = 0; index < 3; index++) inner.spawn(() => lock.run(() => sleep(1)));
          g.spawn(async () => {
            await interruptible(sim.io("cancel"));
            inner.cancel();
          });
        })
      );
      g.spawn(async () => {
        await interruptible(sim.io("acquire"));
        await lock.run(() => void (got = true));
      });
      await sim.io("release");
      permit.release();
    });
    assert(got, "the permit was lost");
    assert(lock.tryAcquire() !== undefined, "the permit has not come back");
  }
});

testTold(
  "those who are cancelled at a barrier, a latch and a task each get the cancellation, and no error of the others'",
  async (sim) => {
    const barrier = new Barrier(4);
    const latch = new Latch();
    const errors: unknown[] = [];
    let awaited: Task<void> | undefined;
    await group(async (g) => {
      awaited = g.spawn(() => interruptible(sim.io("awaited")));
      for (const wait of [() => barrier.wait(), () => barrier.wait(), () => latch.wait(), () => awaited!]) {
        g.spawn(async () => {
          try {
            await wait();
          } catch (error) {
            errors.push(error);
            throw error;
          }
        });
      }
      await sim.io("cancel");
      g.cancel();
    });
    assert(errors.every((error) => error instanceof Cancelled), `${errors}`);
  },
);

testTold(
  "a scope that is shielded between the mark and the telling goes on or is cancelled, and its end comes",
  async (sim) => {
    const outer = new CancelScope();
    const inner = new CancelScope();
    const log: string[] = [];
    await outer.run(() =>
      group(async (g) => {
        for (let index = 0; index < 2; index++) g.spawn(() => sleep(Infinity));
        g.spawn(() =>
          inner.run(async () => {
            log.push(await sleep(5).then(() => "slept", (error) => (error as Error).name));
            log.push(await sleep(5).then(() => "slept", (error) => (error as Error).name));
          })
        );
        g.spawn(async () => {
          await sim.io("shield").then(() => inner.shield = true);
          await sim.io("unshield").then(() => inner.shield = false);
        });
        await sim.io("cancel");
        outer.cancel();
      })
    );
    assertEquals(log.length, 2);
    assert(log[0] === "slept" || log[0] === "AbortError", `${log}`);
  },
);

testTold("a task that is spawned between the mark and the telling never starts, whoever spawns it", async (sim) => {
  let isCancelled = false;
  let started = 0;
  await group(async (g) => {
    for (let index = 0; index < 3; index++) g.spawn(() => sleep(Infinity));
    g.spawn(async () => {
      await sim.io("spawn");
      const wasCancelled = isCancelled;
      g.spawn(() => {
        if (wasCancelled) started++;
      });
    });
    await sim.io("cancel");
    g.cancel();
    isCancelled = true;
  });
  assertEquals(started, 0);
});

testTold(
  "a group that ends, fails or is cancelled itself before it is told ends as it would have, told at once",
  async (sim) => {
    for (const act of ["end", "fail", "cancel"]) {
      const outer = new CancelScope();
      const failure = new Error("its own");
      let started = 0;
      const ends: unknown[] = [];
      const running = outer.run(() =>
        group(async (g) => {
          for (let index = 0; index < 2; index++) g.spawn(() => sleep(Infinity));
          g.spawn(async () => {
            started++;
            const end = group(async (inner) => {
              inner.spawn(() => sleep(Infinity));
              await sim.io(act);
              if (act === "fail") throw failure;
              inner.cancel();
            });
            ends.push(await end.then(() => undefined, (error) => error));
            await end;
          });
          await sim.io("cancel");
          outer.cancel();
        })
      );
      const outcome = await running.then(() => undefined, (error) => error);
      assertEquals(ends.length, started);
      assertEquals(outcome, act === "fail" && started > 0 ? failure : undefined);
    }
  },
);

testTold("the inner and then the outer of two groups are cancelled, and both end", async (sim) => {
  let started = 0;
  const seen: unknown[] = [];
  async function work(): Promise<void> {
    started++;
    try {
      await sleep(Infinity);
    } catch (error) {
      seen.push(error);
      throw error;
    }
  }
  await group(async (outer) => {
    outer.spawn(() =>
      group(async (inner) => {
        for (let index = 0; index < 3; index++) inner.spawn(work);
        await sim.io("inner");
        inner.cancel("inner");
      })
    );
    for (let index = 0; index < 2; index++) outer.spawn(work);
    await sim.io("outer");
    outer.cancel("outer");
  });
  assertEquals([seen.length, seen.every((error) => error instanceof Cancelled)], [started, true]);
});

testTold("a group whose teardown takes too long while it is told is given up at its bound", async (sim) => {
  const stuck = sim.io("stuck", { latency: 50 });
  let isStuck = false;
  let cancelled = 0;
  const ending = group(async (g) => {
    g.spawn(async () => {
      isStuck = true;
      await stuck;
      isStuck = false;
    });
    for (let index = 0; index < 3; index++) g.spawn(() => sleep(Infinity));
    await Promise.race([sim.io("cancel"), sim.io("sooner")]);
    cancelled = sim.now();
    g.cancel();
  }, { teardownTimeout: 10 });
  const error = await ending.then(() => undefined, (error) => error);
  assertEquals(error instanceof TeardownError, isStuck);
  // A timer may come a little late.
  if (isStuck) assert(sim.now() - cancelled < 15, `given up after ${sim.now() - cancelled} ms`);
  await stuck;
  await sim.allBlocked();
});
