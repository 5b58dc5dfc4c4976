/** Calls to one and to two workers, one after the other, 64 at a time and 20,000 at once, beside raw messages and other pools. */

import { WorkerPool } from "../mod.ts";
import { type Bench, type Case, peer, type Timed, timeEach } from "./harness.ts";
import { enders, rawWorkers } from "./worker_raw.ts";

type Tasks = typeof import("./worker_tasks.ts");
const module = new URL("./worker_tasks.ts", import.meta.url);
const peerModule = new URL("./worker_peer.mjs", import.meta.url);

type Call = (value: number) => Promise<unknown>;

/** Makes `count` calls, so many at a time. */
function drive(call: Call, count: number, inFlight: number): Promise<Timed> {
  return timeEach(count, () =>
    Promise.all(Array.from({ length: inFlight }, async () => {
      for (let index = 0; index < count / inFlight; index++) await call(index);
    })));
}

/** The other pools, by name; each is made with so many workers. */
export const peers: Record<string, (size: number) => Promise<Call>> = {
  async piscina(size) {
    const { Piscina } = await import("piscina");
    const pool = new Piscina({ filename: peerModule.href, maxThreads: size, minThreads: size, maxQueue: Infinity });
    enders.push(() => void pool.destroy());
    return (value) => pool.run(value);
  },
  async tinypool(size) {
    const { default: Tinypool } = await import("tinypool");
    const pool = new Tinypool({ filename: peerModule.href, maxThreads: size, minThreads: size });
    enders.push(() => void pool.destroy());
    return (value) => pool.run(value);
  },
  async poolifier(size) {
    const { FixedThreadPool } = await import("poolifier");
    const pool = new FixedThreadPool<number, number>(size, new URL("./poolifier_peer.mjs", import.meta.url).pathname);
    enders.push(() => void pool.destroy());
    return (value) => pool.execute(value);
  },
  async workerpool(size) {
    if ("Bun" in globalThis) throw new Error("its threads never answer here");
    const { default: workerpool } = await import("workerpool");
    const pool = workerpool.pool(new URL("./workerpool_peer.mjs", import.meta.url).pathname, { maxWorkers: size });
    enders.push(() => void pool.terminate(true));
    return (value) => Promise.resolve(pool.exec("increment", [value]));
  },
};

async function casesOf(count: number, inFlight: number, size: number): Promise<Case[]> {
  const raw = await rawWorkers(size);
  const pool = new WorkerPool<Tasks>(module, { size });
  await pool.warmUp();
  enders.push(() => void pool.close({ timeout: 0 }));
  const cases: Case[] = [
    { name: "raw messages", kind: "floor", run: () => drive(raw, count, inFlight) },
    {
      name: "Millrace: pool.run",
      kind: "ours",
      run: () => drive((value) => pool.run("increment", [value]), count, inFlight),
    },
  ];
  for (const [name, make] of Object.entries(peers)) {
    await peer(cases, name, async () => {
      const call = await make(size);
      await call(1);
      return () => drive(call, count, inFlight);
    });
  }
  return cases;
}

export const inTurn: Bench = {
  name: "worker-in-turn",
  claim: "a call to a worker, one after the other, costs at most 1.2 x a raw message and its answer",
  unit: "us",
  by: "wall",
  target: 1.2,
  cases: () => casesOf(2000, 1, 1),
};

export const inFlight: Bench = {
  name: "worker-64",
  claim: "64 calls in flight cost at most 0.5 x one raw message a call",
  unit: "us",
  by: "wall",
  target: 0.5,
  cases: () => casesOf(12_800, 64, 1),
};

export const inFlightOfTwo: Bench = {
  name: "worker-64-of-two",
  claim: "64 calls in flight to two workers cost at most 0.5 x one raw message a call",
  unit: "us",
  by: "wall",
  target: 0.5,
  cases: () => casesOf(12_800, 64, 2),
};

export const burst: Bench = {
  name: "worker-burst",
  claim: "20,000 calls at once cost at most 0.5 x one raw message a call",
  unit: "us",
  by: "wall",
  target: 0.5,
  rounds: 5,
  cases: () => casesOf(20_000, 20_000, 1),
};

export const burstOfTwo: Bench = {
  name: "worker-burst-of-two",
  claim: "20,000 calls at once to two workers cost at most 0.5 x one raw message a call",
  unit: "us",
  by: "wall",
  target: 0.5,
  rounds: 5,
  cases: () => casesOf(20_000, 20_000, 2),
};
