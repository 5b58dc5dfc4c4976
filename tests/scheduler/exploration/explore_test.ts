import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { group, Mutex, sleep } from "../../../mod.ts";
import { DeadlockError, explore, LeakError, NondeterminismError, type Simulation } from "../../../testing.ts";
import { actors, failureOf } from "../../support/explored.ts";
import { racePrograms } from "../../support/race_programs.ts";
import { testWith } from "../../support/needs.ts";

const staleResponse = racePrograms.find(({ name }) => name === "stale response")!.broken;

test("a failure's stack begins where the test has called explore", async () => {
  const failure = await failureOf(staleResponse);
  const [first] = failure.stack!.split("\n").filter((line) => /^\s*at /.test(line));
  assert(!first!.includes("explore.ts"), failure.stack);
  assert(failure.stack!.startsWith(`ScheduleFailure: ${failure.message}`), failure.stack);
});

test("random schedules find it too, and the same seed finds the same", async () => {
  const first = await failureOf(staleResponse, { strategy: "random", seed: 3 });
  const second = await failureOf(staleResponse, { strategy: "random", seed: 3 });
  assertEquals([first.schedules, first.token], [second.schedules, second.token]);
  assertEquals(first.schedule.length, 1);
});

test("a schedule that needs two events held back is told in two lines, of which none can be left out", async () => {
  const body = async (sim: Simulation) => {
    const order: string[] = [];
    await Promise.all(["a", "b", "c", "d", "e"].map((name) => sim.io(name).then(() => order.push(name))));
    if (order.indexOf("a") > order.indexOf("c") && order.indexOf("b") > order.indexOf("d")) throw new Error("both");
  };
  const failure = await failureOf(body);
  assertEquals(failure.schedule.map((line) => line.split(" ")[0]), ['"a"', '"b"']);
  const random = await failureOf(body, { strategy: "random" });
  assertEquals(random.schedule.length, 2);
});

test("events of the same name are told apart by number", async () => {
  const failure = await failureOf(async (sim) => {
    const order: number[] = [];
    await Promise.all([1, 2, 3].map((number) => sim.io("fetch").then(() => order.push(number))));
    assertEquals(order[0], 1);
  });
  assertEquals(failure.schedule, ['"fetch" (number 1) is held back until "fetch" (number 2) has come']);
});

/** The orders in which two things come that log their names. */
async function ordersOf(
  start: (sim: Simulation, log: (name: string) => void) => unknown,
  options: Parameters<typeof explore>[1] = {},
): Promise<string[]> {
  const orders = new Set<string>();
  await explore(async (sim) => {
    const log: string[] = [];
    await start(sim, (name) => log.push(name));
    await new Promise((resolve) => setTimeout(resolve, 1000));
    orders.add(log.join(" "));
  }, options);
  return [...orders].sort();
}

test("timers of one list never swap, nor timers of different deadlines; those of equal deadline in two lists do", async () => {
  assertEquals(
    await ordersOf((_, log) => {
      for (const name of ["a", "b"]) setTimeout(log, 10, name);
      setTimeout(log, 500, "c");
    }),
    ["a b c"],
  );
  assertEquals(
    await ordersOf(async (_, log) => {
      setTimeout(log, 10, "a");
      await sleep(5);
      setTimeout(log, 5, "b");
    }),
    ["a b", "b a"],
  );
});

testWith(
  "immediates",
  "a timer of 1 ms and an immediate come in either order at main, in one order after I/O",
  async () => {
    const start = (_: Simulation, log: (name: string) => void) => {
      setTimeout(log, 0, "timer");
      setImmediate(log, "immediate");
    };
    assertEquals(await ordersOf(start), ["immediate timer", "timer immediate"]);
    assertEquals(await ordersOf((sim, log) => sim.io().then(() => start(sim, log))), ["immediate timer"]);
    assertEquals(
      await ordersOf((_, log) => {
        setTimeout(log, 2, "timer");
        setImmediate(log, "immediate");
      }),
      ["immediate timer"],
    );
  },
);

test("an operation of known latency never comes early, and races only with what comes at the same time", async () => {
  const at = (latency: number) =>
    ordersOf((sim, log) => {
      void sim.io("io", { latency }).then(() => log(`io ${sim.now()}`));
      setTimeout(log, 10, "timer");
    }, { lateTimers: false });
  assertEquals(await at(9), ["io 9 timer"]);
  assertEquals(await at(11), ["timer io 11"]);
  assertEquals(await at(10), ["io 10 timer", "timer io 10"]);
  assertEquals(
    await ordersOf((sim, log) => {
      setTimeout(log, 500, "timer");
      return sim.io().then(() => log("io"));
    }),
    ["io timer", "timer io"],
  );
});

test("messages of one port keep their order, those of two ports do not", async () => {
  const send = (channels: number) =>
    ordersOf((_, log) => {
      for (let channel = 0; channel < channels; channel++) {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = ({ data }) => log(`${channel}${data}`);
        for (let message = channels; message < 3; message++) port2.postMessage("abc"[message - channels]);
      }
    });
  assertEquals(await send(1), ["0a 0b"]);
  assertEquals(await send(2), ["0a 1a", "1a 0a"]);
});

test("completions of one batch may come in one macrotask, and only then do their microtasks interleave", async () => {
  const orders = (batch: object) =>
    ordersOf((sim, log) =>
      Promise.all(["a", "b"].map(async (name) => {
        await sim.io(name, batch);
        log(name);
        await undefined;
        log(`${name}2`);
      }))
    );
  assertEquals(await orders({}), ["a a2 b b2", "b b2 a a2"]);
  assertEquals(await orders({ batch: "chunk" }), ["a a2 b b2", "a b a2 b2", "b a b2 a2", "b b2 a a2"]);
});

test("a loop that polls is no livelock: what is held back comes in the end", async () => {
  const report = await explore(async (sim) => {
    let done = false;
    void sim.io("job").then(() => done = true);
    while (!done) await sleep(10);
  });
  assertEquals(report.exhaustive, true);
  assert(report.schedules > 100, report.guarantee);
});

testWith("async context", "deadlocks and leaks under some schedule are found without any assertion", async () => {
  const locks = await failureOf(async (sim) => {
    const [first, second] = [new Mutex(), new Mutex()];
    const both = (one: Mutex, other: Mutex, name: string) => async () => {
      await sim.io(`${name} begins`);
      await one.run(async () => {
        await sim.io(`${name} has one`);
        await other.run(() => {});
      });
    };
    await group((g) => {
      g.spawn(both(first, second, "a"), { name: "a" });
      g.spawn(both(second, first, "b"), { name: "b" });
    });
  });
  assert(locks.cause instanceof DeadlockError, String(locks.cause));
  assert(/a#\d+, waiting for/.test(locks.cause.message), locks.cause.message);
  const leak = await failureOf(async (sim) => {
    const timer = setTimeout(() => {}, 100);
    let first = "";
    await Promise.all(["a", "b"].map((name) => sim.io(name).then(() => first ||= name)));
    if (first === "a") clearTimeout(timer);
  });
  assert(leak.cause instanceof LeakError && leak.cause.message.includes("explore_test"), String(leak.cause));
});

test("marks say what was reached, and in how many schedules", async () => {
  const { reached, decisions } = await explore(async (sim) => {
    let first = "";
    await Promise.all(["a", "b", "c"].map((name) => sim.io(name).then(() => first ||= name)));
    sim.sometimes(`${first} is first`);
    sim.sometimes("never", false);
  });
  assertEquals(reached, { "a is first": 2, "b is first": 2, "c is first": 2, never: 0 });
  assertEquals(decisions, { least: 2, mean: 2, most: 2 });
});

test("a body that carries something over from run to run is told to be not deterministic", async () => {
  let runs = 0;
  await assertRejects(() => explore((sim) => actors(++runs % 2 === 0 ? [2, 2] : [2, 2, 2])(sim)), NondeterminismError);
  let failed = false;
  await assertRejects(
    () =>
      explore(async (sim) => {
        await actors([2, 2])(sim);
        if (failed) return;
        failed = true;
        throw new Error("once");
      }),
    Error,
    "not when that schedule was run again",
  );
});

test("everything is put back after an exploration, whichever way it ends", async () => {
  const { setTimeout, Date } = globalThis;
  await explore(actors([2]));
  await failureOf(staleResponse);
  assert(globalThis.setTimeout === setTimeout && globalThis.Date === Date);
});

test("wrong arguments throw at the call", () => {
  const body = () => {};
  assertThrows(() => explore(1 as unknown as typeof body), TypeError, "1");
  assertThrows(() => explore(body, { maxSchedules: 0 }), RangeError, "0");
  assertThrows(() => explore(body, { strategy: "clever" as "auto" }), TypeError, "clever");
  assertThrows(() => explore(body, { replay: "m1-x" }), TypeError, "m1-x");
  assertThrows(() => explore(body, { profile: "opera" as "node" }), TypeError, "opera");
});
