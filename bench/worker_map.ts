/** Many short items mapped over two workers, beside the time two cores would need at best, and other pools' calls. */

import { WorkerPool } from "../mod.ts";
import { type Bench, type Case, peer, timeEach } from "./harness.ts";
import { peers } from "./worker.ts";
import { enders } from "./worker_raw.ts";
import { work } from "./worker_tasks.ts";

const count = 100_000;

/** How many rounds of the loop take two microseconds. */
function roundsOfTwo(): number {
  let rounds = 100;
  for (let attempt = 0; attempt < 30; attempt++) {
    const began = performance.now();
    for (let index = 0; index < 5000; index++) work(rounds);
    rounds = Math.max(1, Math.round(rounds * 2 / ((performance.now() - began) / 5000 * 1000)));
  }
  return rounds;
}

export const bench: Bench = {
  name: "worker-map",
  claim:
    "map of 100,000 items of 2 us over two workers takes at most 1.25 x half the time of a plain loop: 1.6 x as fast as one core",
  unit: "us an item",
  by: "wall",
  target: 1.25,
  rounds: 7,
  async cases() {
    const rounds = roundsOfTwo();
    const items = new Array(count).fill(rounds);
    const pool = new WorkerPool<typeof import("./worker_tasks.ts")>(new URL("./worker_tasks.ts", import.meta.url), {
      size: 2,
    });
    await pool.warmUp();
    enders.push(() => void pool.close({ timeout: 0 }));
    const cases: Case[] = [
      {
        name: "half a plain loop: two cores at best",
        kind: "floor",
        run: async () => {
          const { figure, cpu } = await timeEach(count, () => {
            for (const item of items) work(item);
          });
          return { figure: figure / 2, cpu };
        },
      },
      { name: "Millrace: pool.map", kind: "ours", run: () => timeEach(count, () => pool.map("work", items)) },
    ];
    const fewer = count / 20;
    for (const [name, make] of Object.entries(peers)) {
      // What their function does takes no time at all: this is the cost of the call alone.
      await peer(cases, `${name}: a call an item that does nothing`, async () => {
        const call = await make(2);
        await call(1);
        return () => timeEach(fewer, () => Promise.all(items.slice(0, fewer).map(call)));
      });
    }
    return cases;
  },
};
