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
  forEachChunked,
  group,
  moveOnAfter,
  sleep,
  TimeoutError,
  withTimeout,
} from "../../../mod.ts";
import { simulate } from "../../../testing.ts";

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
    // It begins at 100.
    assertEquals(performance.now(), 1600);
    assertEquals(performance.timeOrigin + performance.now(), Date.now());
    assertEquals(process.hrtime(), [1, 600_000_000]);
    assertEquals(process.hrtime.bigint(), 1_600_000_000n);
    assertEquals(process.uptime(), 1.6);
    const { Temporal } = globalThis as { Temporal?: { Now: { instant(): { epochMilliseconds: number } } } };
    if (Temporal !== undefined) assertEquals(Temporal.Now.instant().epochMilliseconds, startTime + 1500);
  }, { startTime });
});

test("the wall clock can be set, and nothing but Date sees it", async () => {
  await simulate(async (sim) => {
    await sleep(10);
    sim.setSystemTime(5000);
    assertEquals([Date.now(), sim.now(), performance.now()], [5000, 5000, 110]);
    await sleep(10);
    assertEquals([Date.now(), performance.now()], [5010, 120]);
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

test("a simulation in the body of another is refused", async () => {
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

test("wrong arguments throw at the call", () => {
  assertThrows(() => simulate(1 as unknown as () => void), TypeError, "1");
  assertThrows(() => simulate(() => {}, { profile: "opera" as "node" }), TypeError, "opera");
  assertThrows(() => simulate(() => {}, { seed: 1.5 }), TypeError, "1.5");
  assertThrows(() => simulate(() => {}, { startTime: NaN }), RangeError, "NaN");
  assertThrows(() => simulate(() => {}, { maxSteps: 0 }), RangeError, "0");
  assertThrows(() => simulate(() => {}, { maxTime: -1 }), RangeError, "-1");
  assertThrows(() => simulate(() => {}, { signal: {} as AbortSignal }), TypeError, "AbortSignal");
  assertThrows(() => simulate(() => {}, { leaks: "warn" as "fail" }), TypeError, "warn");
  assertThrows(() => simulate(() => {}, 1 as unknown as object), TypeError, "1");
});
