/** A pool and its servers on different machines of a simulation, and what may happen to these and to the network between them. */

import { assert, assertEquals } from "@std/assert";
import { sleep, WorkerExitError } from "../../../../mod.ts";
import { DeadLetterError, RemotePool, serveTasks, type TaskServer } from "../../../../remote.ts";
import { explore, simulate, type Simulation, soak } from "../../../../testing.ts";
import { testWith } from "../../../support/needs.ts";
import { type Tasks, tasks } from "../remote_support.ts";

/** Where the engine is. */
const engine = "engine-default";
const ackWait = 3000;
const attempts = 3;

/** What the calls of a run came to, by their key, and how often each was run. */
class Calls {
  readonly settled: Map<string, unknown[]> = new Map();
  readonly runs: string[] = [];

  constructor() {
    (globalThis as { notedRuns?: string[] }).notedRuns = this.runs;
  }

  /** Makes a call with a key of its own, and notes each time that it settles. */
  async make(pool: RemotePool<Tasks>, key: string, ms: number): Promise<void> {
    const told: unknown[] = [];
    this.settled.set(key, told);
    await pool.run("note", [ms], { idempotencyKey: key }).then(
      (value) => told.push(value),
      (error) => told.push(error),
    );
  }

  /** Each has settled once, with its own result or because its workers died, and ran at least once and at most as often as it may. */
  check(): void {
    for (const [key, told] of this.settled) {
      assertEquals(told.length, 1, key);
      const [value] = told;
      const isLost = value instanceof DeadLetterError || value instanceof WorkerExitError;
      assert(isLost || value === key, `${key}: ${String(value)}`);
      const ran = this.runs.filter((each) => each === key).length;
      assert(ran >= 1 && ran <= attempts, `${key} ran ${ran} times, ${String(value)}`);
    }
  }

  /** None was lost. */
  get results(): unknown[] {
    return [...this.settled.values()].flat();
  }
}

/** A machine that serves; `servers` are those it has made. */
function serve(sim: Simulation, name: string, servers: TaskServer[] = []): ReturnType<Simulation["machine"]> {
  const options = { name, size: 1, ackWait, attempts, workers: { startTimeout: Infinity } };
  return sim.machine(name, async () => void servers.push(await serveTasks(tasks, options)), { restart: true });
}

/** A caller and two servers; answers when its three calls have settled. */
async function threeCalls(sim: Simulation): Promise<Calls> {
  const calls = new Calls();
  for (const name of ["one", "two"]) serve(sim, name);
  let isOver = false;
  sim.machine("caller", async () => {
    const pool = new RemotePool<Tasks>({ ackWait, attempts });
    await Promise.all(["a", "b", "c"].map((key) => calls.make(pool, key, 100)));
    await pool.close();
    isOver = true;
  });
  await sim.eventually("all have settled", () => isOver, { within: 120_000 });
  calls.check();
  return calls;
}

testWith(
  "async context",
  "a call goes from one machine to another, through an engine on a third",
  () =>
    simulate(async (sim) => {
      const results: unknown[] = [];
      serve(sim, "server");
      sim.machine("caller", async () => {
        const calls = new RemotePool<Tasks>({ ackWait });
        results.push(await calls.run("add", [1, 2]), await calls.run("after", [50]));
        for await (const value of calls.stream("countTo", [3])) results.push(value);
        await calls.close();
      });
      await sim.eventually("it is called", () => results.length === 5, { within: 20_000 });
      assertEquals(results, [3, 50, 1, 2, 3]);
    }),
);

testWith(
  "async context",
  "the body of a simulation with machines calls what is served on one",
  () =>
    simulate(async (sim) => {
      serve(sim, "server");
      const calls = new RemotePool<Tasks>({ ackWait });
      assertEquals(await calls.run("add", [1, 2]), 3);
      await calls.close();
    }),
);

testWith(
  "async context",
  "without a fault no call between machines runs twice, in any order of what happens",
  async () => {
    await explore(async (sim) => {
      sim.network.latency = 1;
      const { runs } = await threeCalls(sim);
      assertEquals(runs.toSorted(), ["a", "b", "c"]);
    }, { maxSchedules: 60, lateTimers: false });
  },
);

const faults = [
  { title: "servers that are killed at any moment lose no call", kinds: ["kill"], machines: ["one", "two"] },
  { title: "servers that lose their power at any moment lose no call", kinds: ["power"], machines: ["one", "two"] },
  { title: "connections to the engine that are reset at any moment, and found again, lose no call", kinds: ["loss"] },
  { title: "machines that are cut off at any moment, the engine too, lose no call", kinds: ["isolate"] },
  { title: "ways to or from the engine that are cut at any moment lose no call", kinds: ["cut"] },
  { title: "machines that stand still at any moment, the engine too, lose no call", kinds: ["pause"] },
] as const;

for (const { title, ...allowed } of faults) {
  testWith("async context", title, async () => {
    const { schedules } = await explore(async (sim) => {
      sim.network.latency = 1;
      sim.faults({ ...allowed, atMost: 1, duration: [5000, 5000] });
      assertEquals((await threeCalls(sim)).results.toSorted(), ["a", "b", "c"]);
    }, { maxSchedules: 60, lateTimers: false });
    assert(schedules >= 50, `${schedules}`);
  });
}

testWith("async context", "with all faults at once each call settles once, and runs at least once", async () => {
  await soak(async (sim) => {
    await threeCalls(sim);
  }, { seeds: 50 });
});

testWith(
  "async context",
  "a server that is cut off for long gives no job up because it hears nothing of its callers",
  () =>
    simulate(async (sim) => {
      const calls = new Calls();
      const servers: TaskServer[] = [];
      serve(sim, "one", servers);
      sim.machine("caller", async () => {
        const pool = new RemotePool<Tasks>({ ackWait, attempts });
        await calls.make(pool, "a", 20_000);
        await pool.close();
      });
      await sim.eventually("it runs", () => calls.runs.length === 1, { within: 10_000 });
      // It asked its caller, was not answered in time, took that for gone, and acknowledged the job.
      const { heal } = sim.network.partition(["one"], [engine]);
      await sleep(ackWait * 2);
      heal();
      await sim.eventually("the call has settled", () => calls.results.length === 1, { within: 60_000 });
      calls.check();
      assertEquals(calls.results, ["a"]);
      assertEquals(servers[0]!.statistics().cancelled, 0);
    }),
);

testWith(
  "async context",
  "an answer that was lost before the engine was cut off is given again after that",
  async () => {
    await explore(async (sim) => {
      sim.network.latency = 1;
      sim.faults({ kinds: ["buggify"], atMost: 1 });
      const calls = new Calls();
      serve(sim, "one");
      sim.machine("caller", async () => {
        const pool = new RemotePool<Tasks>({ ackWait, attempts });
        await calls.make(pool, "a", 100);
        await pool.close();
      });
      await sleep(150);
      // The caller asked again and again meanwhile: at the end all was told at once that the job was no longer there, and it gave up.
      const { heal } = sim.network.partition([engine]);
      await sleep(ackWait * 2);
      heal();
      await sim.eventually("the call has settled", () => calls.results.length === 1, { within: 60_000 });
      calls.check();
      assertEquals(calls.results, ["a"]);
    }, { maxSchedules: 60, lateTimers: false });
  },
);

testWith(
  "async context",
  "the jobs of a caller that is killed at any moment are stopped, and nothing of them is left",
  async () => {
    for (let at = 0; at < 24; at++) {
      await simulate(async (sim) => {
        sim.network.latency = 1;
        const servers: TaskServer[] = [];
        serve(sim, "one", servers);
        await sim.eventually("it serves", () => servers.length === 1, { within: 10_000 });
        const caller = sim.machine("caller", async () => {
          const pool = new RemotePool<Tasks>({ ackWait, attempts });
          await Promise.all([1, 2].map(() => pool.run("untilCancelled", [])));
        });
        await sleep(at);
        caller.kill();
        await sleep(ackWait * 4);
        const { running, waiting, cancelled } = servers[0]!.statistics();
        assertEquals([running, waiting], [0, 0]);
        // Those that were published by then.
        assertEquals(cancelled, at < 9 ? 0 : 2, `${at} ms`);
        const calls = new RemotePool<Tasks>({ ackWait });
        assertEquals(await calls.run("add", [1, 2]), 3);
        await calls.close();
      });
    }
  },
);

testWith(
  "async context",
  "a job that comes again to the server that runs it counts as tried again, and dies of its own error",
  () =>
    simulate(async (sim) => {
      const both = { ackWait, attempts: 2 };
      const servers: TaskServer[] = [];
      sim.machine("one", async () => {
        const workers = { startTimeout: Infinity };
        servers.push(
          await serveTasks(tasks, { ...both, size: 2, retryOn: () => true, backoff: { delay: 1 }, workers }),
        );
      });
      let error: unknown;
      sim.machine("caller", async () => {
        const pool = new RemotePool<Tasks>(both);
        error = await pool.run("failAfter", [ackWait * 3]).catch((thrown) => thrown);
        await pool.close();
      });
      await sim.eventually("it runs", () => servers[0]?.statistics().running === 1, { within: 10_000 });
      const { heal } = sim.network.partition(["one"], [engine]);
      await sleep(ackWait + 1000);
      heal();
      await sim.eventually("it is over", () => error !== undefined, { within: 60_000 });
      assertEquals(servers[0]!.statistics().duplicates, 1);
      // It was given back once more, and was a letter that nothing had been heard of.
      assert(error instanceof DeadLetterError && error.cause instanceof RangeError, String(error));
      assertEquals([error.attempts, error.cause.message], [2, "mine"]);
    }),
);

testWith(
  "async context",
  "a server and a pool that are cut off end all the same, and what they held is done elsewhere",
  () =>
    simulate(async (sim) => {
      const calls = new Calls();
      const servers: TaskServer[] = [];
      serve(sim, "one", servers);
      await sim.eventually("it serves", () => servers.length === 1, { within: 10_000 });
      let isClosed = false;
      sim.machine("other", async () => {
        const pool = new RemotePool<Tasks>({ ackWait });
        await pool.run("add", [1, 2]);
        await sleep(2000);
        await pool.close();
        isClosed = true;
      });
      sim.machine("caller", async () => {
        const pool = new RemotePool<Tasks>({ ackWait, attempts });
        await calls.make(pool, "a", 1000);
        await pool.close();
      });
      await sim.eventually("it runs", () => calls.runs.length === 1, { within: 10_000 });
      sim.network.partition(["one", "other"]);
      let isDrained = false;
      void servers[0]!.drain().then(() => isDrained = true);
      serve(sim, "two", servers);
      await sim.eventually("both have ended", () => isClosed && isDrained, { within: 120_000 });
      await sim.eventually("the call has settled", () => calls.results.length === 1, { within: 60_000 });
      calls.check();
      assertEquals(calls.results, ["a"]);
    }),
);

testWith(
  "async context",
  "the late answer of a server that was cut off, after that of another one, changes nothing",
  () =>
    simulate(async (sim) => {
      const calls = new Calls();
      const servers: TaskServer[] = [];
      serve(sim, "one", servers);
      sim.machine("caller", async () => {
        const pool = new RemotePool<Tasks>({ ackWait, attempts });
        await calls.make(pool, "a", 1000);
        await sleep(ackWait * 4);
        await pool.close();
      });
      await sim.eventually("it runs", () => calls.runs.length === 1, { within: 10_000 });
      const { heal } = sim.network.partition(["one"]);
      serve(sim, "two", servers);
      await sim.eventually("the call has settled", () => calls.results.length === 1, { within: 20_000 });
      heal();
      await sleep(ackWait * 2);
      calls.check();
      assertEquals([calls.runs.length, calls.results, servers[0]!.statistics().completed], [2, ["a"], 1]);
    }),
);

testWith("async context", "a connection that was reset is found again, and says so", () =>
  simulate(async (sim) => {
    const servers: TaskServer[] = [];
    serve(sim, "one", servers);
    await sim.eventually("it serves", () => servers.length === 1, { within: 10_000 });
    const reconnects = (): number => servers[0]!.statistics().reconnects;
    assertEquals([reconnects(), servers[0]!.statistics().isConnected], [0, true]);
    sim.network.reset();
    await sim.eventually("it is lost", () => !servers[0]!.statistics().isConnected, { within: 10_000 });
    await sim.eventually("it is found", () => reconnects() === 1, { within: 10_000 });
    const calls = new RemotePool<Tasks>({ ackWait });
    assertEquals(await calls.run("add", [1, 2]), 3);
    await calls.close();
  }));
