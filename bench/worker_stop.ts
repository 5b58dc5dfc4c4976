/** How long it takes to stop what runs in a worker: where it looks at its signal, and where it does not. */

import { WorkerPool } from "../mod.ts";
import type { Bench } from "./harness.ts";
import { enders } from "./worker_raw.ts";

type Pool = WorkerPool<typeof import("./worker_tasks.ts")>;

function poolOf(teardownTimeout: number): Pool {
  const pool: Pool = new WorkerPool(new URL("./worker_tasks.ts", import.meta.url), { size: 1, teardownTimeout });
  enders.push(() => void pool.close({ timeout: 0 }));
  return pool;
}

/** Aborts a call that runs, and tells when. */
async function runAway(pool: Pool, name: "spinUntilCancelled" | "spinForever"): Promise<number> {
  const flags = new Int32Array(new SharedArrayBuffer(4));
  const controller = new AbortController();
  const call = pool.run(name, [flags], { signal: controller.signal }).catch(() => {});
  while (Atomics.load(flags, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  const began = performance.now();
  controller.abort();
  await call;
  return began;
}

/** Aborts a call that runs; ms until its worker is free, or gone. */
async function stop(pool: Pool, name: "spinUntilCancelled" | "spinForever"): Promise<number> {
  const began = await runAway(pool, name);
  while (pool.statistics().running > 0) await new Promise((resolve) => setImmediate(resolve));
  return performance.now() - began;
}

export const cooperative: Bench = {
  name: "worker-cancel",
  claim: "a loop that looks at its signal is stopped in less than 1 ms, its worker kept",
  unit: "ms",
  by: "wall",
  target: undefined,
  most: 1,
  rounds: 51,
  cases() {
    const pool = poolOf(60_000);
    return [{ name: "Millrace", kind: "ours", run: () => stop(pool, "spinUntilCancelled") }];
  },
};

export const busy: Bench = {
  name: "worker-stop",
  claim: "a busy loop is stopped within its grace of 20 ms and 20 ms more",
  unit: "ms beyond the grace",
  by: "wall",
  target: undefined,
  most: 20,
  rounds: 11,
  cases() {
    const pool = poolOf(20);
    return [{ name: "Millrace", kind: "ours", run: async () => await stop(pool, "spinForever") - 20 }];
  },
};

/** A grace in which a thread can be started on every host, in ms. */
const grace = 600;

export const afterRunaway: Bench = {
  name: "worker-replace",
  claim: "a call that waits behind a runaway one is answered within 20 ms of the end of that one's grace",
  unit: "ms beyond the grace",
  by: "wall",
  target: undefined,
  most: 20,
  // Few: Deno leaves a thread that spins behind each time.
  rounds: 5,
  warmUps: 1,
  cases() {
    const pool = poolOf(grace);
    return [{
      name: "Millrace",
      kind: "ours",
      run: async () => {
        const began = await runAway(pool, "spinForever");
        await pool.run("increment", [1]);
        return performance.now() - began - grace;
      },
    }];
  },
};
