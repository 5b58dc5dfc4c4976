/** Groups, supervisors, combinators and what else runs tasks: under many schedules, and cancelled everywhere. */

import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  all,
  allSettled,
  any,
  Cancelled,
  CancelScope,
  configure,
  debounce,
  forEachChunked,
  group,
  interruptible,
  mapConcurrent,
  moveOnAfter,
  race,
  reduceChunked,
  retry,
  scheduler,
  shield,
  sleep,
  supervise,
  TaskController,
  throttle,
  throwIfCancelled,
  TimeoutError,
  withTimeout,
  WorkerPool,
} from "../../../mod.ts";
import { explore, type Simulation } from "../../../testing.ts";
import { searched } from "../../support/searched.ts";
import { testWith } from "../../support/needs.ts";

/** Counts what is under way; all of it has to have ended when the structure around has. */
class Work {
  open = 0;
  most = 0;

  async run<T>(sim: Simulation, name: string, value: T): Promise<T> {
    this.most = Math.max(this.most, ++this.open);
    try {
      await interruptible(sim.io(name));
      await sleep(1);
      return value;
    } finally {
      // Cleanup takes its time, too.
      await shield(() => sim.io(`cleanup of ${name}`, { latency: 2 }), { timeout: 1000 });
      this.open--;
    }
  }
}

/** A body with work in it, which has to be over afterwards. */
const withWork = (body: (sim: Simulation, work: Work) => Promise<unknown>) => () =>
  searched(() => {
    const work = new Work();
    return { body: (sim) => body(sim, work), after: () => assertEquals(work.open, 0) };
  }, 150);

test("a group ends after its tasks and cleanups, last in, first out", () =>
  searched(() => {
    const log: string[] = [];
    const work = new Work();
    return {
      body: (sim) =>
        group(async (g) => {
          for (const name of ["first", "second"]) {
            g.defer(async () => {
              await sim.io(`defer ${name}`);
              log.push(name);
            });
          }
          g.spawn(() => work.run(sim, "a", 1));
          await g.start((started) => work.run(sim, "b", 1).then(() => started(1))).catch((error) => {
            if (!(error instanceof Cancelled)) throw error;
          });
        }),
      after() {
        assert(["second,first", ""].includes(log.join()), log.join());
        assertEquals(work.open, 0);
      },
    };
  }, 150));

test("a failure cancels the rest of a group, which is over when the error comes out", async () => {
  await explore(async (sim) => {
    const work = new Work();
    await assertRejects(
      () =>
        group((g) => {
          g.spawn(() => work.run(sim, "a", 1));
          g.spawn(async () => {
            await sim.io("fails");
            throw new RangeError("mine");
          });
          g.spawn(() => work.run(sim, "b", 1));
        }),
      RangeError,
      "mine",
    );
    assertEquals(work.open, 0);
  }, { maxSchedules: 400 });
});

test(
  "all and allSettled give what their functions give, and leave none running",
  withWork(async (sim, work) => {
    assertEquals(await all([() => work.run(sim, "a", 1), () => work.run(sim, "b", 2)]), [1, 2]);
    const settled = await allSettled([() => work.run(sim, "c", 3), () => Promise.reject(new Error("no"))]);
    assertEquals(settled.map(({ status }) => status), ["fulfilled", "rejected"]);
  }),
);

test(
  "race and any end after their losers",
  withWork(async (sim, work) => {
    assert([1, 2].includes(await race([() => work.run(sim, "a", 1), () => work.run(sim, "b", 2)])));
    assertEquals(work.open, 0);
    assertEquals(await any([() => Promise.reject(new Error("no")), () => work.run(sim, "c", 3)]), 3);
    assertEquals(work.open, 0);
  }),
);

test("mapConcurrent keeps its limit and the order, and closes its source once", () =>
  searched(() => {
    const work = new Work();
    let closed = 0;
    let pulled = 0;
    async function* source(sim: Simulation): AsyncGenerator<number> {
      try {
        for (; pulled < 4;) {
          // Sooner than the grace that a stalled source is given.
          await sim.io("next", { latency: 5 });
          yield pulled++;
        }
      } finally {
        closed++;
      }
    }
    return {
      tasks: true,
      async body(sim) {
        const results = await mapConcurrent(source(sim), (item) => work.run(sim, `item ${item}`, item), { limit: 2 });
        assertEquals(results, [0, 1, 2, 3]);
      },
      after() {
        assertEquals(work.open, 0);
        assert(work.most <= 2);
        assert(closed <= 1 && (pulled === 0 || closed === 1), `closed ${closed} times after ${pulled} items`);
      },
    };
  }, 150));

test(
  "supervise starts again what fails, and ends with nothing running",
  withWork(async (sim, work) => {
    let attempts = 0;
    await supervise((supervisor) => {
      supervisor.spawn(async () => {
        await work.run(sim, `attempt ${++attempts}`, 1);
        if (attempts < 3) throw new Error("again");
      });
      supervisor.spawn(() => work.run(sim, "other", 1));
    }, { restart: { strategy: "one-for-all", maxRestarts: 5, backoff: { initial: 5 } }, onFailure: () => {} });
    assert(attempts >= 3);
  }),
);

testWith(
  "async context",
  "retry tries as often as it may, one after the other",
  withWork(async (sim, work) => {
    let attempts = 0;
    await retry(async () => {
      assertEquals(work.open, 0);
      await work.run(sim, `attempt ${++attempts}`, 1);
      // What an attempt throws in reaction to a cancellation is thrown on: this is none.
      throwIfCancelled();
      if (attempts < 3) throw new Error("again");
    }, { attempts: 3, delay: 10 });
    assertEquals(attempts, 3);
  }),
);

test(
  "timeouts, scopes that move their deadline and shields end what is in them",
  withWork(async (sim, work) => {
    const value = await withTimeout(50, () => work.run(sim, "a", 1)).catch((error) => {
      if (error instanceof TimeoutError) return 0;
      throw error;
    });
    assert(value === 0 || value === 1);
    assertEquals(work.open, 0);
    await moveOnAfter(20, () => work.run(sim, "b", 1));
    assertEquals(work.open, 0);
    const scope = new CancelScope({ timeout: 10 });
    await scope.run(async () => {
      await work.run(sim, "c", 1);
      scope.deadline += 10;
      await sleep(5);
    });
    await shield(() => sleep(5), { timeout: 100 });
  }),
);

testWith(
  "async context",
  "debounce runs the last of the calls once they pause, throttle no more often than it may",
  () =>
    searched(() => {
      const ran: string[] = [];
      return {
        body: (sim) =>
          group(async (g) => {
            const late = debounce((text: string) => void ran.push(text), 10);
            const seldom = throttle((text: string) => void ran.push(text), 10);
            for (const name of ["a", "b"]) {
              g.spawn(async () => {
                await sim.io(`${name} comes`);
                late(`late ${name}`);
                seldom(`seldom ${name}`);
              });
            }
            await g.join();
            await sleep(30);
            assertEquals([late.pending, seldom.pending], [false, false]);
            assert(ran.filter((text) => text.startsWith("late")).length >= 1, ran.join());
            assertEquals(new Set(ran).size, ran.length);
          }),
      };
    }, 150),
);

test("posted tasks run once or not at all, and their promises settle", () =>
  searched(() => {
    const settled: string[] = [];
    let posted = 0;
    return {
      body: (sim) =>
        group((g) => {
          const controller = new TaskController({ priority: "background" });
          for (const name of ["a", "b"]) {
            g.spawn(() => {
              posted++;
              return scheduler.postTask(async () => {
                await scheduler.yield();
                await sim.io(`${name} works`);
                await scheduler.yield();
              }, { signal: controller.signal, delay: name === "a" ? 5 : 0 }).then(
                () => settled.push("ran"),
                () => settled.push("aborted"),
              );
            });
          }
          g.spawn(async () => {
            await sim.io("urgent");
            controller.setPriority("user-blocking");
            await sim.io("given up");
            controller.abort();
          });
        }),
      // A posted task is no child of the group: it may go on after a cancellation, and ends by itself.
      async after(sim) {
        await sleep(100);
        await sim.allBlocked();
        assertEquals(settled.length, posted);
      },
    };
  }, 300));

test("chunked work goes on from slice to slice and stops where it is cancelled", () =>
  searched(() => {
    let done = 0;
    return {
      tasks: true,
      body: (sim) =>
        group((g) => {
          g.spawn(() => forEachChunked(20, () => void (done++, sim.spin(1))));
          g.spawn(async () => {
            await sim.io("beside");
            assertEquals(await reduceChunked([1, 2, 3], (sum, value) => sum + value, 0), 6);
          });
        }),
      after: () => assert(done <= 20),
    };
  }, 100));

const workerTasks = new URL("./virtual_worker_tasks.ts", import.meta.url);

// Which timers a simulated worker's code has set, and so end with it, is known by the context.
testWith(
  "async context",
  "a pool of workers that is cancelled anywhere settles its calls and leaves no worker",
  async () => {
    // Threads that end late, as some schedules have them, are told to nobody else.
    configure({ onUnhandled: () => {} });
    await searched(() => {
      let settled = 0;
      let called = 0;
      return {
        tasks: true,
        async body() {
          const pool = new WorkerPool<typeof import("./virtual_worker_tasks.ts")>(workerTasks, { size: 2 });
          try {
            await group((g) => {
              for (const value of [1, 2, 3]) {
                g.spawn(async () => {
                  called++;
                  try {
                    assertEquals(await pool.run("double", [value]), value * 2);
                  } finally {
                    settled++;
                  }
                });
              }
              g.spawn(() => pool.run("slow", [20], { timeout: 10 }).catch(() => {}));
            });
          } finally {
            await shield(() => pool.close({ timeout: 0 }), { timeout: 5000 });
          }
        },
        after: () => assertEquals(settled, called),
      };
    }, 60).finally(() => configure({ onUnhandled: undefined }));
  },
);
