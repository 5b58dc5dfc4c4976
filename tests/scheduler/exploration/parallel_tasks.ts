/** Simulations that run in worker threads, for parallel_test.ts. */

import { sleep } from "../../../mod.ts";
import { simulate } from "../../../testing.ts";

/** What an hour of three tasks looks like: times, and lots of a seed. `gate` lets all threads begin at the same time. */
export async function hour(seed: number, gate: SharedArrayBuffer | undefined, threads: number): Promise<string[]> {
  if (gate !== undefined) {
    const count = new Int32Array(gate);
    if (Atomics.add(count, 0, 1) === threads - 1) Atomics.notify(count, 0);
    else Atomics.wait(count, 0, threads - 1, 1000);
  }
  const log: string[] = [];
  await simulate(async (sim) => {
    await Promise.all([7, 11, 13].map(async (minutes) => {
      for (let time = minutes; time <= 60; time += minutes) {
        await sleep(minutes * 60_000);
        await sim.io(`${minutes}`);
        log.push(`${minutes} at ${Date.now()}: ${Math.random()}`);
      }
    }));
  }, { seed, startTime: 0 });
  return log;
}
