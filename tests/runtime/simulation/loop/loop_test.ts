import process from "node:process";
import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Channel, checkpoint } from "../../../../mod.ts";
import {
  allowsOrder,
  DeadlockError,
  explore,
  LivelockError,
  type LoopApi,
  type LoopProgram,
  predictOrders,
  simulate,
  type Simulation,
} from "../../../../testing.ts";
import { thisHost } from "../../../support/this_host.ts";
import { loopPrograms, programOf, show, type Step } from "../../../support/loop_programs.ts";
import { testWith } from "../../../support/needs.ts";

/** Taken before any simulation. */
const captured = globalThis.setTimeout;

/**
 * Runs a program in a simulation, and answers with its log when all its callbacks have come. What has no counterpart there is left
 * out of the programs.
 */
function runIn(sim: Simulation, program: LoopProgram): Promise<string[]> {
  const missing = (): never => {
    throw new Error("not in these programs");
  };
  return new Promise((resolve) => {
    const log: string[] = [];
    let pending = 0;
    const counted = (fn: () => void): () => void => {
      pending++;
      return () => {
        fn();
        if (--pending === 0) resolve(log);
      };
    };
    const api: LoopApi = {
      log: (entry) => void log.push(entry),
      setTimeout: (fn, ms) => (void setTimeout(counted(fn), ms), { kind: "timeout" }),
      setImmediate: (fn) => (void setImmediate(counted(fn)), { kind: "immediate" }),
      clear: missing,
      refresh: missing,
      nextTick: missing,
      queueMicrotask: (fn) => queueMicrotask(counted(fn)),
      promise: (fn) => void Promise.resolve().then(counted(fn)),
      io: (fn) => void sim.io("io").then(counted(fn)),
      close: missing,
      message: missing,
      animationFrame: missing,
      spin: (ms) => sim.spin(ms),
    };
    counted(() => program(api))();
  });
}

/**
 * The same program with timers of 1 ms only, and no work between. Where timers of several durations are due at the same time, a
 * simulation allows orders that only a closer look at what may have taken how long rules out.
 */
function ofOneDuration(steps: readonly Step[]): Step[] {
  return steps.filter(({ kind }) => kind !== "spin").map((step) =>
    "steps" in step ? { ...step, ms: 0, steps: ofOneDuration(step.steps) } : step
  );
}

testWith("immediates", "whatever order a program takes in a simulation, the model of its host allows it", async () => {
  await fc.assert(
    fc.asyncProperty(
      loopPrograms({ without: ["tick", "close", "message", "clear"], steps: 3 }),
      async (steps) => {
        const program: LoopProgram = programOf(ofOneDuration(steps));
        const seen = new Set<string>();
        await explore(async (sim) => {
          seen.add(JSON.stringify(await runIn(sim, program)));
        }, { maxSchedules: 25 });
        for (const order of seen) {
          const entries = JSON.parse(order) as string[];
          assert(allowsOrder(program, "node", entries), `${show(steps)} left ${entries.join(" ")}`);
        }
      },
    ),
    { numRuns: Number(process.env["MILLRACE_ORDERS"] ?? 60), seed: Number(process.env["MILLRACE_SEED"] ?? 1) },
  );
});

test("the clock never goes back, whatever timers, completions and busy callbacks there are", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom("timer", "io", "spin"), fc.nat(30), fc.nat(30)), { maxLength: 12 }),
      fc.integer(),
      async (steps, seed) => {
        await simulate(async (sim) => {
          let last = performance.now();
          const look = (): void => {
            const now = performance.now();
            assert(now >= last && Date.now() - performance.timeOrigin >= Math.floor(last), `${now} came after ${last}`);
            last = now;
          };
          await Promise.all(steps.map(async ([kind, first, second]) => {
            for (const ms of [first, second]) {
              if (kind === "io") await sim.io("io", { latency: ms });
              else await new Promise<void>((resolve) => setTimeout(resolve, ms));
              look();
              if (kind === "spin") sim.spin(ms);
              look();
            }
          }));
        }, { seed });
      },
    ),
    { numRuns: 50 },
  );
});

test("the main script that the model simulates is that of a CommonJS program: ticks first", () => {
  const program: LoopProgram = (loop) => {
    loop.promise(() => loop.log("promise"));
    loop.nextTick(() => loop.log("tick"));
  };
  for (const profile of ["node", "deno", "bun"] as const) {
    assertEquals(predictOrders(program, profile), [["tick", "promise"]]);
  }
});

testWith(
  "Node's modules",
  "what was taken before the simulation is virtual too, or the deadlock says that it is not controlled",
  async () => {
    const waitBy = (set: () => typeof setTimeout) =>
      simulate(async (sim) => {
        await new Promise<void>((resolve) => set()(resolve, 3_600_000).unref());
        return sim.now();
      });
    const error = await assertRejects(() => waitBy(() => captured), DeadlockError);
    assert(error.message.includes("of the real host do not count"), error.message);
    // On Deno and Bun a named import keeps the host's, as a captured function does.
    const timers = await import("node:timers");
    const named = waitBy(() => timers.setTimeout as typeof setTimeout);
    if (thisHost().startsWith("node")) assertEquals(await named, 3_600_000);
    else await named.then((now) => assertEquals(now, 3_600_000), (error) => assert(error instanceof DeadlockError));
  },
);

test("a loop without an end over what is always there takes macrotasks: it is a livelock", async () => {
  const loops: (() => Promise<unknown>)[] = [
    () => checkpoint(),
    (() => {
      const channel = new Channel<number>(1);
      return async () => {
        await channel.send(1);
        await channel.receive();
      };
    })(),
  ];
  for (const once of loops) {
    await assertRejects(
      () =>
        simulate(async () => {
          for (;;) await once();
        }, { maxSteps: 2000 }),
      LivelockError,
      "stands still at 0 ms",
    );
  }
});

testWith(
  "immediates",
  "an immediate comes before a timer that a timer has set, and before all timers when I/O has asked for it",
  async () => {
    const ordersOf = async (program: LoopProgram): Promise<string[]> => {
      const seen = new Set<string>();
      await explore(async (sim) => void seen.add((await runIn(sim, program)).join(" ")));
      return [...seen].sort();
    };
    const chain: LoopProgram = (loop) => {
      loop.setTimeout(() => {
        loop.log("timer");
        loop.setTimeout(() => loop.log("its timer"), 0);
      }, 0);
      loop.setImmediate(() => loop.log("immediate"));
    };
    assertEquals(await ordersOf(chain), ["immediate timer its timer", "timer immediate its timer"]);
    const busy: LoopProgram = (loop) =>
      loop.io(() => {
        loop.setTimeout(() => loop.log("timer"), 0);
        loop.setImmediate(() => loop.log("immediate"));
        loop.spin(5);
      });
    assertEquals(await ordersOf(busy), ["immediate timer"]);
  },
);

test("times to spin and latencies are finite, and 0 ms or more", async () => {
  await simulate((sim) => {
    for (const ms of [-1, NaN, Infinity]) {
      assertThrows(() => sim.spin(ms), RangeError, "The time to spin has to be");
      assertThrows(() => sim.io("io", { latency: ms }), RangeError, "A latency has to be");
    }
    assertThrows(() => sim.spin("1" as never), TypeError);
    assertThrows(() => sim.io("io", { latency: null as never }), TypeError);
    assertEquals(sim.now(), 0);
  });
});
