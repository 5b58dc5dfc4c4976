/** What fails a simulation: deadlocks, leaks, livelocks, and errors that nobody takes. */

import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Condition, group, interruptible, moveOnAfter, Mutex, Semaphore, sleep } from "../../../mod.ts";
import { DeadlockError, LeakError, LivelockError, simulate, UnhandledRejectionError } from "../../../testing.ts";
import { thisHost } from "../../support/this_host.ts";
import { run } from "../../support/child.ts";
import { testWith } from "../../support/needs.ts";

testWith(
  "async context",
  "a body that nothing can wake is a deadlock that names each unfinished task and what it waits for",
  async () => {
    const error = await assertRejects(
      () =>
        simulate(() =>
          group(async (g) => {
            const stuck = g.spawn(() => new Promise(() => {}), { name: "stuck" });
            g.spawn(async () => void await stuck, { name: "waiter" });
            await sleep(5);
          }, { name: "server" })
        ),
      DeadlockError,
    );
    assertEquals(error.tasks.map((task) => task.replace(/#\d+/g, "")), [
      "server > stuck",
      "server > waiter, waiting for stuck",
    ]);
    assert(error.message.includes("Deadlock at 5 ms"), error.message);
    await assertRejects(() => simulate(() => new Promise(() => {})), DeadlockError);
  },
);

testWith(
  "own frames",
  "timers and operations that are left behind are a leak with the place where they were made",
  async () => {
    const error = await assertRejects(
      () =>
        simulate((sim) => {
          setTimeout(() => {}, 50);
          setInterval(() => {}, 7);
          void sim.io("fetch /a");
        }),
      LeakError,
    );
    assertEquals(error.leaks.map((leak) => leak.replace(/ \(made.*/, "")), [
      "the timer setTimeout(50), due at 50 ms",
      "the timer setInterval(7), due at 7 ms",
      "the operation fetch /a, unfinished",
    ]);
    assert(error.leaks.every((leak) => leak.includes("simulate_failures_test")), error.message);
  },
);

test("timers that are unref'd may be left behind, and AbortSignal.timeout", async () => {
  const ran = await simulate(() => {
    const timer = setTimeout(() => {}, 50);
    timer.unref();
    assert(!timer.hasRef());
    AbortSignal.timeout(20);
    const cleared = setTimeout(() => {}, 50);
    clearTimeout(Number(cleared));
    return "ran";
  });
  assertEquals(ran, "ran");
});

test("a body that does not end is a livelock that shows its cycle", async () => {
  const still = await assertRejects(
    () =>
      simulate(async (sim) => {
        for (;;) {
          await sim.io("poll");
          await sim.io("ask");
        }
      }, { maxSteps: 1000 }),
    LivelockError,
  );
  assertEquals([...still.cycle].sort(), ["ask", "poll"]);
  assert(still.message.includes("stands still at 0 ms"), still.message);
  const moving = await assertRejects(
    () => simulate(() => new Promise(() => setInterval(() => {}, 10)), { maxSteps: 200 }),
    LivelockError,
  );
  assert(moving.message.includes("goes on"), moving.message);
});

test("what a callback throws fails the simulation", async () => {
  await assertRejects(
    () =>
      simulate(async (sim) => {
        setTimeout(() => {
          throw new RangeError("nobody catches this");
        }, 5);
        await sim.io("late", { latency: 10 });
      }),
    RangeError,
    "nobody catches this",
  );
});

testWith("programs", "so does what a microtask or a tick throws, in a plain script", async () => {
  const { code, stdout, stderr } = await run("tests/support/uncaught_in_simulation.ts");
  assertEquals([code, stdout.trim()], [0, "RangeError: in a microtask\nRangeError: in a tick"], stderr);
});

const unhandled = async (): Promise<string> => {
  const error = await assertRejects(
    () =>
      simulate(async (sim) => {
        await sim.io("first");
        void Promise.reject(new RangeError("lost"));
        await sim.io("second");
        await sim.io("third");
      }),
    UnhandledRejectionError,
  );
  return `${(error.cause as Error).message} in ${error.turn}`;
};

// The runners of Deno and Bun take unhandled rejections for themselves; there only a plain script can tell.
if (thisHost().startsWith("node")) {
  test("a rejection that nobody handles fails the simulation, with the turn it happened in", async () => {
    assertEquals(await unhandled(), "lost in first");
    await simulate(async (sim) => {
      const handledLate = Promise.reject(new Error("handled"));
      for (let link = 0; link < 100; link++) await undefined;
      await handledLate.catch(() => {});
      await sim.io();
    });
  });
}

// A page tells of them a little later.
if (thisHost() === "browser") {
  test("what nobody handles or catches in a page fails the simulation, and is not printed", async () => {
    const failures = [
      () => void Promise.reject(new RangeError("lost")),
      () =>
        queueMicrotask(() => {
          throw new RangeError("lost");
        }),
    ];
    for (const fail of failures) {
      const error = await assertRejects(() =>
        simulate(async (sim) => {
          await sim.io("first");
          fail();
          for (let round = 0; round < 20; round++) await sim.io("later");
        })
      );
      assert([error, error.cause].some((each) => String(each) === "RangeError: lost"), String(error));
    }
  });
}

testWith("programs", "in a plain script an unhandled rejection fails the simulation on every host", async () => {
  const { code, stdout, stderr } = await run("tests/support/unhandled_in_simulation.ts");
  assertEquals([code, stdout.trim()], [0, "UnhandledRejectionError: lost"], stderr);
});

testWith("async context", "a deadlock says who holds what each task waits for, and names the cycle", async () => {
  for (const make of [() => new Mutex(), () => new Semaphore(1)]) {
    const error = await assertRejects(
      () =>
        simulate(() => {
          const [left, right] = [make(), make()];
          const transfer = (from: Mutex | Semaphore, to: Mutex | Semaphore) => () =>
            from.run(async () => {
              await sleep(1);
              await to.run(() => {});
            });
          return group((g) => {
            g.spawn(transfer(left, right), { name: "ann" });
            g.spawn(transfer(right, left), { name: "bob" });
          });
        }),
      DeadlockError,
    );
    const what = make() instanceof Mutex ? "a mutex" : "a semaphore";
    const [ann, bob] = error.cycle.map((name) => name.replace(/#\d+/g, ""));
    assertEquals([ann, bob].sort(), ["ann", "bob"]);
    assert(error.tasks[0]!.includes(`waiting for ${what} held by bob`), error.message);
    assert(error.message.includes("a cycle: ") && error.message.includes(" waits for "), error.message);
  }
});

testWith(
  "async context",
  "a permit that is not released is a leak that names its holder; one of a condition's wait is none",
  async () => {
    const error = await assertRejects(
      () =>
        simulate(() =>
          group((g) => void g.spawn(async () => void await new Semaphore(2).acquire(), { name: "reader" }))
        ),
      LeakError,
    );
    assertEquals(error.leaks.length, 1);
    assert(/a permit .* by reader.*simulate_failures_test/.test(error.leaks[0]!), error.message);
    await simulate(async () => {
      const mutex = new Mutex();
      const condition = new Condition(mutex);
      await group((g) => {
        g.spawn(() => mutex.run(() => condition.wait()));
        g.spawn(async () => {
          await sleep(1);
          await mutex.run(() => condition.notify());
        });
      });
    });
  },
);

test("an operation that was given up by a cancellation is no leak, one that was forgotten is", async () => {
  await simulate(async (sim) => {
    await moveOnAfter(5, () => interruptible(sim.io("slow", { latency: 100 })));
  });
  await assertRejects(
    () =>
      simulate((sim) =>
        moveOnAfter(5, () => {
          void sim.io("forgotten", { latency: 100 });
        })
      ),
    LeakError,
    "forgotten",
  );
});
