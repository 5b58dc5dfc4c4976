/** A pool and its servers on different machines of a simulation. */

import { assert, assertEquals } from "@std/assert";
import { WorkerExitError } from "../../../../mod.ts";
import { DeadLetterError, RemotePool, type RemotePoolOptions, serveTasks, type ServeTasksOptions } from "../../../../remote.ts";
import { explore, simulate, type Simulation } from "../../../../testing.ts";
import { testWith } from "../../../support/needs.ts";
import { type Tasks, tasks } from "../remote_support.ts";

const ackWait = 3000;

/** A machine that serves. */
function server(sim: Simulation, name: string, options: ServeTasksOptions = {}): ReturnType<Simulation["machine"]> {
  const main = (): Promise<unknown> =>
    serveTasks(tasks, { name, size: 1, ackWait, workers: { startTimeout: Infinity }, ...options });
  return sim.machine(name, main, { restart: true });
}

testWith("async context", "a call goes from one machine to another, through an engine on a third", () =>
  simulate(async (sim) => {
    const results: unknown[] = [];
    server(sim, "server");
    sim.machine("caller", async () => {
      const calls = new RemotePool<Tasks>({ ackWait });
      results.push(await calls.run("add", [1, 2]), await calls.run("after", [50]));
      for await (const value of calls.stream("countTo", [3])) results.push(value);
      await calls.close();
    });
    await sim.eventually("it is called", () => results.length === 5, { within: 20_000 });
    assertEquals(results, [3, 50, 1, 2, 3]);
  }));

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
    await pool.run("note", [ms], { idempotencyKey: key }).then((value) => told.push(value), (e) => told.push(e));
  }

  /** Each settles once, with its own result or because its workers died; each ran as often as it may. */
  check(attempts: number): void {
    for (const [key, told] of this.settled) {
      assertEquals(told.length, 1, key);
      const [value] = told;
      const ran = this.runs.filter((each) => each === key).length;
      const isLost = value instanceof DeadLetterError || value instanceof WorkerExitError;
      assert(isLost || value === key, `${key}: ${String(value)}`);
      assert(ran <= attempts && (isLost || ran >= 1), `${key} ran ${ran} times`);
    }
  }
}

const attempts = 3;

/** A caller with three calls, and two servers; answers when all have settled. */
async function threeCalls(sim: Simulation, options: RemotePoolOptions = {}): Promise<Calls> {
  const calls = new Calls();
  sim.network.latency = 1;
  const both = { ackWait, attempts, ...options };
  server(sim, "one", both);
  server(sim, "two", both);
  let isOver = false;
  sim.machine("caller", async () => {
    const pool = new RemotePool<Tasks>(both);
    await Promise.all(["a", "b", "c"].map((key) => calls.make(pool, key, 100)));
    await pool.close();
    isOver = true;
  });
  await sim.eventually("all have settled", () => isOver, { within: 120_000 });
  return calls;
}

testWith("async context", "without a fault no call runs twice", () =>
  simulate(async (sim) => {
    const calls = await threeCalls(sim);
    calls.check(attempts);
    assertEquals(calls.runs.toSorted(), ["a", "b", "c"]);
  }));

testWith("async context", "servers that are killed at any moment lose no call", async () => {
  const { schedules } = await explore(async (sim) => {
    sim.faults({ kinds: ["kill"], machines: ["one", "two"], atMost: 1 });
    (await threeCalls(sim)).check(attempts);
  }, { maxSchedules: 150, lateTimers: false });
  assert(schedules >= 50, `${schedules}`);
});

testWith("async context", "servers that lose their power at any moment lose no call", async () => {
  await explore(async (sim) => {
    sim.faults({ kinds: ["power"], machines: ["one", "two"], atMost: 1 });
    (await threeCalls(sim)).check(attempts);
  }, { maxSchedules: 150, lateTimers: false });
});

testWith("async context", "connections that are lost at any moment, and found again, lose no call", async () => {
  await explore(async (sim) => {
    sim.faults({ kinds: ["loss"], atMost: 1 });
    (await threeCalls(sim)).check(attempts);
  }, { maxSchedules: 150, lateTimers: false });
});

testWith("async context", "partitions between a machine and the engine, at any moment, lose no call", async () => {
  await explore(async (sim) => {
    sim.faults({ kinds: ["isolate", "cut", "pause"], atMost: 1, duration: [5000, 5000] });
    (await threeCalls(sim)).check(attempts);
  }, { maxSchedules: 150, lateTimers: false });
});
