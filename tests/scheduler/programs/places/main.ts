/**
 * A program whose functions leave work behind or fail, each through a helper of its own; prints the places that are told of them.
 *
 * @module
 */

import process from "node:process";
import { checkpoint, group, type TaskGroup, TeardownError, WorkerPool } from "../../../../mod.ts";
import { explore, LeakError, ScheduleFailure, simulate, type Simulation } from "../../../../testing.ts";

/** The URL of the worker module. */
const module = new URL(process.argv[2]!);

let open: () => void;
const stuck = new Promise<void>((resolve) => open = resolve);

function spawnStubborn(g: TaskGroup): void {
  g.spawn(() => stuck, { name: "stubborn" });
}

function askUnnamed(sim: Simulation): void {
  sim.io(undefined, { latency: 1000 });
}

function setForgotten(): void {
  setTimeout(() => {}, 1000);
}

async function failingCall(pool: WorkerPool<typeof import("./tasks.ts")>): Promise<void> {
  await pool.run("failsThere", []);
}

async function exploreLeaks(): Promise<void> {
  await explore(leave);
}

function leave(sim: Simulation): void {
  askUnnamed(sim);
  setForgotten();
}

async function errorOf<T extends Error>(body: () => Promise<unknown>, Class: new (...args: never) => T): Promise<T> {
  try {
    await body();
  } catch (error) {
    if (error instanceof Class) return error;
    throw error;
  }
  throw new Error("nothing has failed");
}

async function main(): Promise<void> {
  const teardown = await errorOf(() =>
    group(async (g) => {
      spawnStubborn(g);
      await checkpoint();
      g.cancel();
    }, { teardownTimeout: 1 }), TeardownError);
  open();
  const simulated = await errorOf(() => simulate(leave), LeakError);
  const explored = await errorOf(exploreLeaks, ScheduleFailure);
  const pool = new WorkerPool<typeof import("./tasks.ts")>(module, { size: 1 });
  const call = await errorOf(() => failingCall(pool), RangeError);
  await pool.close();
  console.log(JSON.stringify({
    teardown: teardown.tasks[0]!.spawnedAt,
    teardownMessage: teardown.message,
    simulated: simulated.leaks,
    explored: (explored.cause as LeakError).leaks,
    exploredStack: explored.stack,
    call: call.stack,
  }));
}

// Some bundles have no `await` outside of functions.
main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
