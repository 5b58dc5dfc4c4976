import { spawn } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import timers from "node:timers";
import timersPromises from "node:timers/promises";
import process from "node:process";
import { test } from "node:test";
import { promisify } from "node:util";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  Cancelled,
  checkpoint,
  Condition,
  forEachChunked,
  group,
  interruptible,
  moveOnAfter,
  Mutex,
  Semaphore,
  sleep,
  TimeoutError,
  withTimeout,
} from "../../../mod.ts";
import { DeadlockError, LeakError, LivelockError, simulate, UnhandledRejectionError } from "../../../testing.ts";
import { hostOfThis } from "../../support/hosts.ts";
import { run } from "../../support/child.ts";

/** What a simulation puts something else in the place of. */
function functions(): unknown[] {
  const { setTimeout, clearTimeout, setInterval, clearInterval, Date, MessageChannel, fetch } = globalThis;
  return [
    setTimeout,
    clearTimeout,
    setInterval,
    clearInterval,
    setImmediate,
    clearImmediate,
    Date,
    MessageChannel,
    fetch,
    performance.now,
    AbortSignal.timeout,
    Math.random,
    crypto.getRandomValues,
    crypto.randomUUID,
    timers.setTimeout,
    timersPromises.setTimeout,
    process.hrtime,
    fs.readFile,
    net.Socket.prototype.connect,
    process.listeners("unhandledRejection").length,
    Object.getOwnPropertyNames(performance).length,
  ];
}

test("the clock jumps when all is blocked, to what comes first and nowhere else", async () => {
  const log = await simulate(async (sim) => {
    const log: string[] = [];
    setTimeout(() => log.push(`timer at ${sim.now()}`), 500);
    await sim.io("response", { latency: 20 });
    log.push(`response at ${sim.now()}`);
    await sleep(24 * 3_600_000);
    log.push(`woke at ${sim.now()}`);
    return log;
  });
  assertEquals(log, ["response at 20", "timer at 500", "woke at 86400020"]);
});

test("time stands still while anything can run", async () => {
  await simulate(async (sim) => {
    setTimeout(() => {}, 1);
    for (let round = 0; round < 100; round++) {
      await checkpoint();
      await new Promise<void>((resolve) => setImmediate(resolve));
      await sim.io();
    }
    assertEquals(sim.now(), 0);
    await sleep(1);
  });
});

test("all microtasks run before the next macrotask, however long the chain", async () => {
  const log: string[] = [];
  await simulate(async (sim) => {
    const first = sim.io("a").then(async () => {
      for (let link = 0; link < 10_000; link++) await undefined;
      log.push("chain");
    });
    await Promise.all([first, sim.io("b").then(() => log.push("next"))]);
  });
  assertEquals(log, ["chain", "next"]);
});

test("a timer that awaits and sets another one keeps its time", async () => {
  assertEquals(
    await simulate(async (sim) => {
      const times: number[] = [];
      await new Promise<void>((resolve) =>
        setTimeout(async () => {
          times.push(sim.now());
          for (let link = 0; link < 100; link++) await undefined;
          setTimeout(() => resolve(void times.push(sim.now())), 10);
        }, 10)
      );
      return times;
    }),
    [10, 20],
  );
});

test("an interval does not drift, and is over when it is cleared, from inside too", async () => {
  const times = await simulate((sim) =>
    new Promise<number[]>((resolve) => {
      const times: number[] = [];
      const interval = setInterval(() => {
        sim.spin(3);
        if (times.push(sim.now()) < 4) return;
        clearInterval(interval);
        resolve(times);
      }, 10);
    })
  );
  assertEquals(times, [13, 23, 33, 43]);
});

test("timers of equal deadline fire in order; 0 and 1 ms are the same on a server, and not in a browser", async () => {
  const order = (profile: "node" | "browser") =>
    simulate(async () => {
      const log: number[] = [];
      for (const ms of [1, 0, 2 ** 31, 1]) setTimeout(() => log.push(ms), ms);
      await sleep(5);
      return log;
    }, { profile });
  assertEquals(await order("node"), [1, 0, 2 ** 31, 1]);
  assertEquals(await order("browser"), [0, 2 ** 31, 1, 1]);
});

test("all clocks are one clock, and begin at startTime", async () => {
  const startTime = Date.UTC(2030, 0, 1);
  await simulate(async (sim) => {
    await sleep(1500);
    assertEquals(sim.now(), startTime + 1500);
    assertEquals(Date.now(), startTime + 1500);
    assertEquals(new Date().toISOString(), "2030-01-01T00:00:01.500Z");
    assert(new Date() instanceof Date);
    assertEquals(new Date(0).getTime(), 0);
    assertEquals(performance.now(), 1500);
    assertEquals(performance.timeOrigin, startTime);
    assertEquals(process.hrtime(), [1, 500_000_000]);
    assertEquals(process.hrtime.bigint(), 1_500_000_000n);
    const { Temporal } = globalThis as { Temporal?: { Now: { instant(): { epochMilliseconds: number } } } };
    if (Temporal !== undefined) assertEquals(Temporal.Now.instant().epochMilliseconds, startTime + 1500);
  }, { startTime });
});

test("the wall clock can be set, and nothing but Date sees it", async () => {
  await simulate(async (sim) => {
    await sleep(10);
    sim.setSystemTime(5000);
    assertEquals([Date.now(), sim.now(), performance.now()], [5000, 5000, 10]);
    await sleep(10);
    assertEquals([Date.now(), performance.now()], [5010, 20]);
    assertThrows(() => sim.setSystemTime(NaN), RangeError, "NaN");
  });
});

test("AbortSignal.timeout, timers/promises and MessageChannel are on the same clock", async () => {
  const log = await simulate(async (sim) => {
    const log: unknown[] = [];
    const signal = AbortSignal.timeout(30);
    signal.addEventListener("abort", () => log.push(signal.reason.name, sim.now()));
    log.push(await promisify(setTimeout)(20, "value"), sim.now());
    const controller = new AbortController();
    const late = timersPromises.setTimeout(1000, 0, { signal: controller.signal });
    controller.abort();
    log.push(await late.catch((error) => error.name));
    for await (const value of timersPromises.setInterval(10, "tick")) {
      log.push(value, sim.now());
      if (sim.now() >= 40) break;
    }
    const { port1, port2 } = new MessageChannel();
    const data = { list: [1] };
    port1.postMessage(data);
    data.list.push(2);
    log.push(await new Promise((resolve) => port2.onmessage = (event) => resolve(event.data.list)));
    return log;
  });
  assertEquals(log, ["value", 20, "AbortError", "TimeoutError", 30, "tick", 30, "tick", 40, [1]]);
});

test("random numbers come from the seed, the order of completions too", async () => {
  const draw = (seed?: number) =>
    simulate(async (sim) => {
      const log: unknown[] = [Math.random(), crypto.randomUUID(), [...crypto.getRandomValues(new Uint8Array(4))]];
      await Promise.all(Array.from({ length: 6 }, (_, index) => sim.io().then(() => log.push(index))));
      return JSON.stringify(log);
    }, seed === undefined ? {} : { seed });
  assertEquals(await draw(3), await draw(3));
  const drawn = new Set(
    await Promise.all([1, 2, 3].reduce<Promise<string>[]>((all, seed) => {
      const before = all.at(-1) ?? Promise.resolve("");
      return [...all, before.then(() => draw(seed))];
    }, [])),
  );
  assertEquals(drawn.size, 3);
  assert((await draw()).endsWith(",0,1,2,3,4,5]"));
});

test("a waiter for all blocked goes on before the clock does", async () => {
  const log = await simulate(async (sim) => {
    const log: string[] = [];
    const sleeper = sleep(10).then(() => log.push(`slept ${sim.now()}`));
    void sim.io().then(() => log.push("io"));
    await sim.allBlocked();
    log.push(`blocked ${sim.now()}`);
    await Promise.all([sim.allBlocked(), sim.allBlocked()]);
    log.push(`again ${sim.now()}`);
    await sleeper;
    return log;
  });
  assertEquals(log, ["io", "blocked 0", "again 0", "slept 10"]);
});

test("Millrace runs in it unchanged: groups, timeouts, cancellation, chunked work", async () => {
  await simulate(async (sim) => {
    const log: string[] = [];
    await group(async (g) => {
      g.spawn(async () => {
        try {
          await sleep(1000);
        } catch (error) {
          assert(error instanceof Cancelled);
          log.push(`cancelled ${sim.now()}`);
          throw error;
        }
      });
      g.spawn(() => forEachChunked(1000, () => {}));
      await sleep(50);
      g.cancel();
    });
    await assertRejects(() => withTimeout(70, () => sleep(1000)), TimeoutError);
    log.push(`timeout ${sim.now()}`);
    assertEquals(await moveOnAfter(5, () => sleep(10).then(() => 1)), undefined);
    assertEquals(log, ["cancelled 50", "timeout 120"]);
  });
});

test("everything is put back afterwards, also after a throw", async () => {
  const before = functions();
  await simulate((sim) => {
    assert(setTimeout !== before[0]);
    return sim.io();
  });
  assertEquals(functions(), before);
  await assertRejects(() => simulate(() => Promise.reject(new RangeError("mine"))), RangeError, "mine");
  assertEquals(functions(), before);
  await assertRejects(
    () =>
      simulate(() => {
        throw new RangeError("at once");
      }),
    RangeError,
    "at once",
  );
  assertEquals(functions(), before);
});

test("nothing of it is seen by whoever calls simulate, until its turn has come", async () => {
  const before = functions();
  const running = simulate(() => sleep(5));
  assertEquals(functions(), before);
  await running;
});

test("a body that nothing can wake is a deadlock that names each unfinished task and what it waits for", async () => {
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
});

test("timers and operations that are left behind are a leak with the place where they were made", async () => {
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
  assert(error.leaks.every((leak) => leak.includes("simulate_test")), error.message);
});

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

test("what is ready when the body ends still runs", async () => {
  const log: string[] = [];
  await simulate(() => {
    setImmediate(() => {
      log.push("1");
      setImmediate(() => log.push("2"));
    });
  });
  assertEquals(log, ["1", "2"]);
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

test("so does what a microtask or a tick throws, in a plain script", async () => {
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
if (hostOfThis().startsWith("node")) {
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

test("in a plain script an unhandled rejection fails the simulation on every host", async () => {
  const { code, stdout, stderr } = await run("tests/support/unhandled_in_simulation.ts");
  assertEquals([code, stdout.trim()], [0, "UnhandledRejectionError: lost"], stderr);
});

test("two simulations at once are refused, nested ones too", async () => {
  const first = simulate(() => sleep(5));
  await assertRejects(() => simulate(() => 1), Error, "A simulation runs already");
  await first;
  await simulate(async () => {
    await assertRejects(() => simulate(() => 1), Error, "A simulation runs already");
  });
});

test("real I/O is an error that names the call", async () => {
  await assertRejects(() => simulate(() => fetch("http://example.com/")), Error, "fetch is real I/O");
  await assertRejects(() => simulate(() => fs.promises.readFile("x")), Error, "fs.promises.readFile is real I/O");
  await assertRejects(() => simulate(() => void net.connect(1, "127.0.0.1")), Error, "net.Socket.connect is real I/O");
  await assertRejects(() => simulate(() => void spawn("true")), Error, "child_process.spawn is real I/O");
  assertEquals(await simulate(async () => (await fs.promises.stat(".")).isDirectory(), { allowRealIo: true }), true);
});

test("a handle of the real host is no handle of the simulation", async () => {
  const real = setTimeout(() => {}, 1000);
  try {
    if (typeof real === "object") await assertRejects(() => simulate(() => clearTimeout(real)), TypeError, "real host");
  } finally {
    clearTimeout(real);
  }
});

test("wrong arguments throw at the call", () => {
  assertThrows(() => simulate(1 as unknown as () => void), TypeError, "1");
  assertThrows(() => simulate(() => {}, { profile: "opera" as "node" }), TypeError, "opera");
  assertThrows(() => simulate(() => {}, { seed: 1.5 }), TypeError, "1.5");
  assertThrows(() => simulate(() => {}, { startTime: NaN }), RangeError, "NaN");
  assertThrows(() => simulate(() => {}, { maxSteps: 0 }), RangeError, "0");
  assertThrows(() => simulate(() => {}, 1 as unknown as object), TypeError, "1");
});

test("a deadlock says who holds what each task waits for, and names the cycle", async () => {
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

test("a permit that is not released is a leak that names its holder; one of a condition's wait is none", async () => {
  const error = await assertRejects(
    () =>
      simulate(() => group((g) => void g.spawn(async () => void await new Semaphore(2).acquire(), { name: "reader" }))),
    LeakError,
  );
  assertEquals(error.leaks.length, 1);
  assert(/a permit .* by reader.*simulate_test/.test(error.leaks[0]!), error.message);
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
});

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
