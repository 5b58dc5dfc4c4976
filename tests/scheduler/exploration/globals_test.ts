/** Functions of the host that a simulation has others for: how they behave in it, and after it. */

import * as nodeCrypto from "node:crypto";
import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { DeadlockError, explore, LeakError, simulate } from "../../../testing.ts";
import { testWith } from "../../support/needs.ts";

/** Does a call throw? */
function isRefused(call: () => unknown): string {
  try {
    call();
    return "taken";
  } catch {
    return "refused";
  }
}

const nodes = (nodeCrypto as { default?: typeof nodeCrypto }).default ?? nodeCrypto;

test("a clear of a timer of the host's clears it, and a clear of what is no handle does nothing", async () => {
  const fired: string[] = [];
  const timeout = setTimeout(() => fired.push("timeout"), 1000);
  const interval = setInterval(() => fired.push("interval"), 1000);
  await simulate(() => {
    clearTimeout(timeout);
    clearInterval(interval);
    for (const handle of [undefined, null, 0, -1, NaN, 1e9, "x", {}] as never[]) clearTimeout(handle);
  });
  // Long enough for a host that is late with all of it.
  await new Promise((resolve) => setTimeout(resolve, 1050));
  assertEquals(fired, []);
});

test("the number of a simulated timer is never that of one of the host's", async () => {
  let number = 0;
  await simulate(() => {
    const timer = setTimeout(() => assert(false), 10);
    number = Number(timer);
    clearTimeout(number);
  });
  const fired = await new Promise((resolve) => {
    setTimeout(() => resolve("fired"), 5);
    clearTimeout(number);
  });
  assertEquals(fired, "fired");
});

test("a date's constructor is Date, in a simulation and after it, and a date of before is one too", async () => {
  const before = new Date(5);
  await simulate(() => {
    assert(new Date().constructor === Date && before.constructor === Date);
    assert(before instanceof Date && new Date() instanceof Date);
    const channel = new MessageChannel();
    assert(channel instanceof MessageChannel && channel.constructor === MessageChannel);
  });
  assert(new Date().constructor === Date);
});

test("no clock is at 0 as a simulation begins, and all monotonic ones agree", async () => {
  await simulate((sim) => {
    for (let round = 0; round < 2; round++) {
      const now = performance.now();
      assert(now > 0);
      assertEquals(process.hrtime.bigint(), BigInt(now * 1e6));
      assertEquals(process.uptime(), now / 1000);
      assertEquals(new Event("made").timeStamp, now);
      sim.spin(7);
    }
  });
});

test("a date that is formatted without one is the simulated present", async () => {
  await simulate(() => {
    const formatter = new Intl.DateTimeFormat("en", { year: "numeric", timeZone: "UTC" });
    const { format } = formatter;
    assertEquals([format(), formatter.format(undefined), formatter.format(0)], ["2030", "2030", "1970"]);
    assertEquals(formatter.formatToParts().map(({ value }) => value), ["2030"]);
    assert(formatter.format === format);
  }, { startTime: Date.UTC(2030, 5, 15) });
});

test("a simulation begins where Intl is faked, whose formatters have a prototype over the host's", async () => {
  const before = Intl.DateTimeFormat;
  class Faked extends before {}
  Object.assign(Intl, { DateTimeFormat: Faked });
  try {
    const format = () => new Intl.DateTimeFormat("en", { year: "numeric", timeZone: "UTC" }).format();
    assertEquals(await simulate(format, { startTime: Date.UTC(2030, 5, 15) }), "2030");
  } finally {
    Object.assign(Intl, { DateTimeFormat: before });
  }
  assertEquals(Object.hasOwn(Faked.prototype, "format"), false);
});

test("marks and measures are made on the simulated clock", async () => {
  await simulate(async (sim) => {
    performance.mark("start");
    await sim.io("work", { latency: 500 });
    performance.mark("end", { detail: 1 });
    sim.spin(20);
    assertEquals(performance.measure("to now", "start").duration, 520);
    assertEquals(performance.measure("to now", { start: "start" }).duration, 520);
    assertEquals(performance.measure("between", "start", "end").duration, 500);
    assertEquals(performance.measure("given", { start: 1, duration: 2 }).startTime, 1);
    assertEquals(performance.mark("then", { startTime: 3 }).startTime, 3);
  });
});

test("AbortSignal.timeout takes and refuses what the host's own does", async () => {
  for (const ms of [undefined, null, "5", -1, 1.5, NaN, Infinity, 2 ** 32, 2 ** 53, {}, 5n] as number[]) {
    const told = (): string => isRefused(() => AbortSignal.timeout(ms));
    const own = told();
    assertEquals(await simulate(told), own, String(ms));
  }
});

test("all random numbers of node:crypto follow the seed", async () => {
  const draw = (seed: number) =>
    simulate(async () => {
      const filled = nodes.randomFillSync(new Uint16Array(4), 1, 2);
      assertEquals([filled[0], filled[3]], [0, 0]);
      const integers = [nodes.randomInt(5), nodes.randomInt(10, 12)];
      assert(integers[0]! < 5 && integers[1]! >= 10 && integers[1]! < 12);
      const later = await new Promise<Uint8Array>((resolve) => nodes.randomBytes(4, (_, bytes) => resolve(bytes)));
      const integer = await new Promise<number>((resolve) => nodes.randomInt(1000, (_, value) => resolve(value)));
      const web = nodes.webcrypto.getRandomValues(new Uint8Array(4));
      return [nodes.randomUUID(), nodes.randomBytes(4).toString("hex"), filled, integers, later, integer, web].join();
    }, { seed });
  assertEquals(await draw(1), await draw(1));
  assert(await draw(1) !== await draw(2));
  await assertRejects(() => simulate(() => nodes.randomInt(3, 2)), RangeError);
  const long = (): string => isRefused(() => crypto.getRandomValues(new Uint8Array(70_000)));
  assertEquals(await simulate(long), long());
});

test("a function that is kept from a simulation is the host's own after it, and simulated in the next", async () => {
  const { setTimeout: kept, clearTimeout: keptClear } = await simulate(() => ({ setTimeout, clearTimeout }));
  const keptDate = await simulate(() => Date);
  await new Promise((resolve) => kept(resolve, 1));
  keptClear(kept(() => assert(false), 1));
  assert(new keptDate().getFullYear() > 2000 && keptDate.now() > 1e12);
  assertEquals(
    await simulate(async (sim) => {
      await new Promise((resolve) => kept(resolve, 1000));
      return [sim.now(), new keptDate().getTime()];
    }),
    [1000, 1000],
  );
});

testWith("programs", "a builtin module that is loaded first in a simulation works after it", async () => {
  await simulate(() => void process.getBuiltinModule("node:readline/promises"));
  const timers = await import("node:timers/promises");
  assertEquals(await timers.setTimeout(2, "came"), "came");
  assertEquals(await timers.setImmediate("came"), "came");
});

test("a deadlock names the last event, and what could have woken the body", async () => {
  const error = await assertRejects(
    () =>
      simulate(async (sim) => {
        clearTimeout(setTimeout(() => {}, 50));
        await sim.io("load the settings", { latency: 3 });
        await new Promise(() => {});
      }),
    DeadlockError,
  );
  assert(error.lastEvent.startsWith("load the settings, at 3 ms"), error.lastEvent);
  assert(error.message.includes("load the settings"), error.message);
  assert(error.wakers.some((waker) => waker.includes("setTimeout(50)")), error.message);
  const first = await assertRejects(() => simulate(() => new Promise(() => {})), DeadlockError);
  assert(first.lastEvent.includes("none has come"), first.lastEvent);
  const parted = await assertRejects(
    () =>
      simulate((sim) => {
        sim.network.partition();
        return fetch("http://localhost/");
      }),
    DeadlockError,
  );
  assert(parted.message.includes("heal()"), parted.message);
});

test("what goes on behind a timeout is no leak after settled, nor where leaks are ignored", async () => {
  const body = async (): Promise<void> => {
    const after = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
    await Promise.race([after(100), after(5)]);
  };
  await assertRejects(() => simulate(body), LeakError);
  await simulate(body, { leaks: "ignore" });
  await explore(body, { leaks: "ignore" });
  const end = await simulate(async (sim) => {
    await body();
    void sim.io("late", { latency: 200 }).then(() => setTimeout(() => {}, 10));
    AbortSignal.timeout(5000);
    await sim.settled();
    return sim.now();
  });
  assertEquals(end, 215);
});

test("settled resolves at once where nothing is left", async () => {
  assertEquals(await simulate((sim) => sim.settled().then(() => sim.now())), 0);
});
