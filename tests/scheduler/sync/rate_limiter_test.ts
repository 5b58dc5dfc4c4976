import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  Cancelled,
  CancelScope,
  formatTasks,
  group,
  moveOnAfter,
  type Priority,
  RateLimiter,
  type RateLimiterOptions,
  type RateOptions,
  sleep,
  type Task,
} from "../../../mod.ts";
import { loop } from "../../../scheduler/queue/loop.ts";
import { simulate } from "../../../testing.ts";
import { onFakeLoop, testOnFakeLoop } from "../../support/fake_loop.ts";
import { searched } from "../../support/searched.ts";
import { countListeners } from "../../support/shared_signal.ts";
import { strayRejections } from "../../support/stray.ts";
import { turns, watch } from "../../support/turns.ts";
import { testWith } from "../../support/needs.ts";

test("arguments of a wrong kind or range are refused with the value received", () => {
  const refused: [unknown, typeof TypeError | typeof RangeError, string][] = [
    [undefined, TypeError, "limit of a rate limiter has to be a number: received undefined"],
    [null, TypeError, "null"],
    [{ limit: 1 }, TypeError, "interval of a rate limiter has to be a number of ms: received undefined"],
    [{ limit: 0, interval: 1 }, RangeError, "received 0"],
    [{ limit: 1.5, interval: 1 }, RangeError, "received 1.5"],
    [{ limit: Infinity, interval: 1 }, RangeError, "received Infinity"],
    [{ limit: "2", interval: 1 }, TypeError, "received 2"],
    [{ limit: 1, interval: 0 }, RangeError, "received 0"],
    [{ limit: 1, interval: -1 }, RangeError, "received -1"],
    [{ limit: 1, interval: Infinity }, RangeError, "received Infinity"],
    [{ limit: 1, interval: 1, spacing: NaN }, RangeError, "received NaN"],
    [{ limit: 1, interval: 1, intervalCap: 1 }, TypeError, `limit, interval, spacing: received "intervalCap"`],
  ];
  for (const [options, kind, message] of refused) {
    const text = message.startsWith("received 2") ? "2" : message;
    assertThrows(() => new RateLimiter(options as RateLimiterOptions), kind, text);
  }
  const limiter = new RateLimiter({ limit: 3, interval: 1000 });
  for (
    const [options, kind, message] of [
      [{ weight: 0 }, RangeError, "received 0"],
      [{ weight: 4 }, RangeError, "at most the limit, 3: received 4"],
      [{ weight: Infinity }, RangeError, "received Infinity"],
      [{ weight: true }, TypeError, "received true"],
      [{ wieght: 1 }, TypeError, `weight: received "wieght"`],
    ] as const
  ) {
    const given = options as RateOptions;
    for (
      const act of [() => limiter.acquire(given), () => limiter.tryAcquire(given), () => limiter.run(() => {}, given)]
    ) {
      assertThrows(act, kind, message);
    }
  }
  assertThrows(() => limiter.acquire({ signal: 1 as never }), TypeError, "received 1");
  assertThrows(() => limiter.tryAcquire({ signal: new AbortController().signal } as never), TypeError, "signal");
  assertThrows(() => limiter.run(1 as never), TypeError, "received 1");
  assertEquals(limiter.statistics(), { limit: 3, interval: 1000, used: 0, waiting: 0, retryAfter: 0 });
});

testOnFakeLoop("so many begin at once, the next when the first is an interval old", async (fake) => {
  const limiter = new RateLimiter({ limit: 2, interval: 100 });
  const starts: number[] = [];
  await group((g) => {
    for (let index = 0; index < 5; index++) g.spawn(() => limiter.run(() => starts.push(fake.time)));
  });
  assertEquals(starts, [0, 0, 100, 100, 200]);
  assertEquals(limiter.statistics(), { limit: 2, interval: 100, used: 1, waiting: 0, retryAfter: 0 });
  assertEquals([limiter.tryAcquire(), limiter.tryAcquire(), limiter.statistics().retryAfter], [true, false, 100]);
  await sleep(99);
  assertEquals([limiter.tryAcquire(), limiter.statistics().retryAfter], [false, 1]);
  await sleep(1);
  assertEquals([limiter.tryAcquire(), limiter.tryAcquire(), limiter.tryAcquire()], [true, true, false]);
  assertEquals(loop().timers.size, 0);
});

testOnFakeLoop("with spacing there is so much time between two starts", async (fake) => {
  const limiter = new RateLimiter({ limit: 3, interval: 100, spacing: 20 });
  const starts: number[] = [];
  await group((g) => {
    for (let index = 0; index < 5; index++) g.spawn(() => limiter.run(() => starts.push(fake.time)));
  });
  assertEquals(starts, [0, 20, 40, 100, 120]);
});

testOnFakeLoop("one that weighs more waits for room, and those behind it wait for it", async (fake) => {
  const limiter = new RateLimiter({ limit: 3, interval: 100 });
  const starts: string[] = [];
  await group(async (g) => {
    for (const [name, weight] of [["a", 2], ["b", 3], ["c", 1]] as const) {
      g.spawn(() => limiter.run(() => starts.push(`${name} at ${fake.time}`), { weight }));
    }
    await turns();
    assertEquals([limiter.tryAcquire(), limiter.statistics().waiting], [false, 2]);
  });
  assertEquals(starts, ["a at 0", "b at 100", "c at 200"]);
});

testOnFakeLoop("a start counts from when its caller goes on, also when the loop was busy before", async (fake) => {
  const limiter = new RateLimiter({ limit: 1, interval: 100 });
  const starts: number[] = [];
  limiter.tryAcquire();
  await group(async (g) => {
    g.spawn(() => limiter.run(() => starts.push(fake.time)));
    g.spawn(() => limiter.run(() => starts.push(fake.time)));
    await sleep(99);
    fake.time = 100;
    // Those who are urgent keep the one that has been let in from its turn.
    g.spawn(() => void (fake.time = 180), { priority: "user-blocking" });
  });
  assertEquals(starts, [180, 280]);
});

testOnFakeLoop("those of a higher priority go first, equals in the order in which they came", async () => {
  const limiter = new RateLimiter({ limit: 1, interval: 100 });
  const starts: string[] = [];
  limiter.tryAcquire();
  await group(async (g) => {
    const priorities = ["background", "user-visible", "user-blocking", "background", "user-visible"] as const;
    for (const [index, priority] of priorities.entries()) {
      const name = `${priority} ${index}`;
      g.spawn(() => limiter.run(() => starts.push(name)), { priority });
    }
    await sleep(1);
    assertEquals(limiter.statistics().waiting, 5);
  });
  assertEquals(starts, ["user-blocking 2", "user-visible 1", "user-visible 4", "background 0", "background 3"]);
});

testOnFakeLoop("one who is cancelled uses nothing: its start is the next one's without delay", async (fake) => {
  const limiter = new RateLimiter({ limit: 1, interval: 100 });
  const starts: string[] = [];
  await limiter.acquire();
  assertEquals(await moveOnAfter(5, () => limiter.acquire()), undefined);
  assertEquals([loop().timers.size, limiter.statistics().waiting], [0, 0]);
  const scope = new CancelScope();
  const controller = new AbortController();
  const waits = [
    scope.run(() => limiter.run(() => starts.push("cancelled"))),
    limiter.run(() => starts.push("aborted"), { signal: controller.signal, weight: 1 }).catch((it) => it),
    limiter.run(() => starts.push(`next at ${fake.time}`)),
  ];
  await sleep(94);
  fake.time = 100;
  await turns(0);
  // The first is let in by the timer, and cancelled before its turn; so is the second.
  const urgent = group((g) =>
    void g.spawn(() => {
      scope.cancel();
      controller.abort("aborted");
    }, { priority: "user-blocking" })
  );
  await Promise.all([...waits, urgent]);
  assertEquals(starts, ["next at 100"]);
  assertEquals(limiter.statistics().used, 1);
});

test("a signal ends the wait with its reason; no listener and no timer is left", async () => {
  await onFakeLoop(async () => {
    const limiter = new RateLimiter({ limit: 1, interval: 100 });
    const controller = new AbortController();
    const { signal } = controller;
    const listeners = countListeners(signal);
    const reason = new RangeError("no longer");
    let called = false;
    const stray = await strayRejections(async () => {
      await limiter.acquire({ signal });
      const waiting = watch(limiter.acquire({ signal }));
      void limiter.acquire({ signal });
      void limiter.run(() => called = true, { signal });
      assertEquals([listeners(), loop().timers.size], [1, 1]);
      controller.abort(reason);
      await turns();
      assertEquals([waiting.error, listeners(), loop().timers.size], [reason, 0, 0]);
      assertStrictEquals(await limiter.acquire({ signal }).catch((it) => it), reason);
      assertStrictEquals(await limiter.run(() => called = true, { signal }).catch((it) => it), reason);
    });
    assertEquals([stray, called, limiter.statistics().used], [[], false, 1]);
  });
});

testWith("async context", "in a cancelled scope nothing begins, and that is no unhandled rejection", async () => {
  const limiter = new RateLimiter({ limit: 1, interval: 100 });
  const stray = await strayRejections(async () => {
    const scope = new CancelScope();
    await scope.run(async () => {
      scope.cancel();
      let called = false;
      await assertRejects(() => limiter.acquire(), Cancelled);
      await assertRejects(() => limiter.run(() => called = true), Cancelled);
      void limiter.run(() => called = true);
      await turns().catch(() => {});
      assert(!called, "the function was called");
    });
  });
  assertEquals([stray, limiter.statistics().used], [[], 0]);
});

test("run settles as its function does, and the start counts however it ends", async () => {
  const limiter = new RateLimiter({ limit: 4, interval: 100_000 });
  assertEquals([await limiter.run(() => 1), await limiter.run(() => Promise.resolve(2))], [1, 2]);
  const error = new Error("mine");
  assertStrictEquals(await limiter.run(() => Promise.reject(error)).catch((it) => it), error);
  const thrown = limiter.run(() => {
    throw error;
  });
  assertStrictEquals(await thrown.catch((it) => it), error);
  assertEquals([limiter.statistics().used, limiter.tryAcquire()], [4, false]);
});

testOnFakeLoop("what a task waits for is named", async () => {
  const limiter = new RateLimiter({ limit: 1, interval: 100 });
  limiter.tryAcquire();
  await group(async (g) => {
    g.spawn(() => limiter.acquire(), { name: "client" });
    await turns();
    assert(/client.*waiting for a rate limit/.test(formatTasks()), formatTasks());
  });
});

interface Client {
  readonly at: number;
  readonly weight: number;
}

/** When each begins, by a plain model: in order, each as soon as there is room. */
function expected(clients: readonly Client[], { limit, interval, spacing = 0 }: RateLimiterOptions): number[] {
  const starts: Client[] = [];
  let last = -Infinity;
  for (const { at, weight } of clients) {
    let time = Math.max(at, starts.at(-1)?.at ?? 0, last + spacing);
    const used = (): number => starts.reduce((sum, it) => it.at + interval > time ? sum + it.weight : sum, 0);
    while (used() + weight > limit) time = Math.min(...starts.map((it) => it.at + interval).filter((it) => it > time));
    starts.push({ at: time, weight });
    last = time;
  }
  return starts.map(({ at }) => at);
}

const rates = fc.record({
  limit: fc.integer({ min: 1, max: 5 }),
  interval: fc.integer({ min: 1, max: 40 }),
  spacing: fc.constantFrom(0, 0, 3, 12),
});

test("each begins when a plain model says so", async () => {
  const clients = fc.array(fc.record({ after: fc.nat(15), weight: fc.integer({ min: 1, max: 3 }) }), { maxLength: 20 });
  await onFakeLoop(async (fake) => {
    await fc.assert(
      fc.asyncProperty(rates, clients, async (rate, plan) => {
        const limiter = new RateLimiter(rate);
        const begin = fake.time;
        const asked: Client[] = [];
        const starts: number[] = [];
        await group(async (g) => {
          for (const { after, weight } of plan) {
            await sleep(after);
            const client = { at: fake.time - begin, weight: Math.min(weight, rate.limit) };
            asked.push(client);
            g.spawn(() => limiter.run(() => starts.push(fake.time - begin), { weight: client.weight }));
          }
        });
        assertEquals(starts, expected(asked, rate));
        assertEquals([loop().timers.size, limiter.statistics().waiting], [0, 0]);
      }),
      { numRuns: 200 },
    );
  });
});

test("whoever is cancelled, and however busy the loop is, no window has more starts than the limit, and nobody waits for ever", async () => {
  const clients = fc.array(
    fc.record({
      after: fc.nat(10),
      weight: fc.integer({ min: 1, max: 3 }),
      priority: fc.constantFrom<Priority>("background", "user-visible", "user-blocking"),
      giveUpAfter: fc.option(fc.nat(60)),
      bySignal: fc.boolean(),
      busy: fc.constantFrom(0, 0, 0, 7, 30),
    }),
    { maxLength: 25 },
  );
  await onFakeLoop(async (fake) => {
    await fc.assert(
      fc.asyncProperty(rates, clients, async (rate, plan) => {
        const { limit, interval, spacing } = rate;
        const limiter = new RateLimiter(rate);
        const starts: Client[] = [];
        let gaveUp = 0;
        await group(async (g) => {
          for (const { after, weight: wanted, priority, giveUpAfter, bySignal, busy } of plan) {
            await sleep(after);
            const weight = Math.min(wanted, limit);
            const controller = new AbortController();
            const { signal } = controller;
            const task: Task<void> = g.spawn(async () => {
              let begun = false;
              try {
                await limiter.acquire({ weight, signal });
                begun = true;
                starts.push({ at: fake.time, weight });
                fake.time += busy;
              } catch (error) {
                if (error !== "given up") throw error;
              } finally {
                if (!begun) gaveUp++;
              }
            }, { priority });
            if (giveUpAfter === null) continue;
            g.spawn(async () => {
              await sleep(giveUpAfter);
              if (bySignal) controller.abort("given up");
              else task.cancel();
            }, { daemon: true });
          }
        });
        assert(starts.length + gaveUp <= plan.length, "one began and gave up");
        starts.forEach(({ at }, index) => {
          const inWindow = starts.filter((it) => it.at >= at && it.at < at + interval);
          const sum = inWindow.reduce((total, { weight }) => total + weight, 0);
          assert(sum <= limit, `${sum} of ${limit} in ${interval} ms from ${at}: ${starts.map((it) => it.at)}`);
          const next = starts[index + 1];
          assert(next === undefined || next.at - at >= spacing, `no ${spacing} ms between ${at} and ${next?.at}`);
        });
        const { waiting, used } = limiter.statistics();
        const counted = starts.reduce((sum, it) => it.at + interval > fake.time ? sum + it.weight : sum, 0);
        assertEquals([waiting, used, loop().timers.size], [0, counted, 0]);
      }),
      { numRuns: 300 },
    );
  });
});

test("in a simulation hours pass in no time, and every start is where it should be", async () => {
  await simulate(async () => {
    const limiter = new RateLimiter({ limit: 100, interval: 3_600_000 });
    const begin = performance.now();
    await group((g) => {
      for (let index = 0; index < 1000; index++) g.spawn(() => limiter.acquire());
    });
    assertEquals(performance.now() - begin, 9 * 3_600_000);
  });
});

test("a limiter of the whole program counts in each simulation from the beginning", async () => {
  const limiter = new RateLimiter({ limit: 1, interval: 3_600_000 });
  assertEquals(limiter.tryAcquire(), true);
  for (let round = 0; round < 2; round++) {
    await simulate(async () => {
      const begin = performance.now();
      await limiter.acquire();
      await limiter.acquire();
      assertEquals([performance.now() - begin, limiter.tryAcquire()], [3_600_000, false]);
    });
  }
});

test("under every schedule, cancelled everywhere, the limit holds and no start is lost", () =>
  searched(() => {
    const limiter = new RateLimiter({ limit: 2, interval: 10 });
    const starts: number[] = [];
    return {
      tasks: true,
      body: (sim) =>
        group((g) => {
          for (const name of ["a", "b", "c", "d"]) {
            g.spawn(async () => {
              await sim.io(name);
              await limiter.acquire();
              starts.push(performance.now());
            });
          }
        }),
      after() {
        for (let index = 2; index < starts.length; index++) {
          assert(starts[index]! - starts[index - 2]! >= 10, `${starts}`);
        }
        const now = performance.now();
        const used = starts.filter((at) => at + 10 > now).length;
        assertEquals([limiter.statistics().used, limiter.statistics().waiting], [used, 0]);
      },
    };
  }));

testOnFakeLoop("20,000 wait in line, and a loop that always may begin lets others have their turn", async () => {
  const limiter = new RateLimiter({ limit: 5000, interval: 10 });
  let done = 0;
  let stop = false;
  await group((g) => {
    for (let index = 0; index < 20_000; index++) g.spawn(() => limiter.run(() => done++));
  });
  assertEquals(done, 20_000);
  const free = new RateLimiter({ limit: 1_000_000, interval: 10 });
  await group((g) => {
    g.spawn(async () => {
      while (!stop) await free.acquire();
    });
    g.spawn(() => stop = true);
  });
});
