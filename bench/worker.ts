/** Calls to a worker, one after the other and 64 at a time, beside raw messages and other pools. */

import { WorkerPool } from "../mod.ts";
import { type Bench, type Case, peer, timeEach } from "./harness.ts";

type Tasks = typeof import("./worker_tasks.ts");
const module = new URL("./worker_tasks.ts", import.meta.url);
const peerModule = new URL("./worker_peer.mjs", import.meta.url);

/** A raw worker that answers each message. */
async function raw(): Promise<(value: number) => Promise<number>> {
  const waiting: ((value: number) => void)[] = [];
  const take = (value: number): void => waiting.shift()!(value);
  const source = "onmessage = ({ data }) => postMessage(data + 1)";
  let post: (value: number) => void;
  if ("Bun" in globalThis || "Deno" in globalThis) {
    const worker = new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })), { type: "module" });
    worker.onmessage = ({ data }) => take(data);
    post = (value) => worker.postMessage(value);
    enders.push(() => worker.terminate());
  } else {
    const threads = await import("node:worker_threads");
    const worker = new threads.Worker(
      "const { parentPort } = require('node:worker_threads'); parentPort.on('message', (n) => parentPort.postMessage(n + 1))",
      { eval: true },
    );
    worker.on("message", take);
    post = (value) => worker.postMessage(value);
    enders.push(() => void worker.terminate());
  }
  return (value) =>
    new Promise((resolve) => {
      waiting.push(resolve);
      post(value);
    });
}

/** What ends the workers of a bench. */
export const enders: (() => void)[] = [];

async function callers(): Promise<[string, Case["kind"], (value: number) => Promise<number>][]> {
  const pool = new WorkerPool<Tasks>(module, { size: 1 });
  enders.push(() => void pool.close({ timeout: 0 }));
  return [["raw messages", "floor", await raw()], [
    "Millrace: pool.run",
    "ours",
    (value) => pool.run("increment", [value]),
  ]];
}

async function casesOf(count: number, lanes: number): Promise<Case[]> {
  const drive = (call: (value: number) => Promise<unknown>): Promise<number> =>
    timeEach(count, () =>
      Promise.all(Array.from({ length: lanes }, async () => {
        for (let index = 0; index < count / lanes; index++) await call(index);
      })));
  const cases: Case[] = (await callers()).map(([name, kind, call]) => ({ name, kind, run: () => drive(call) }));
  await peer(cases, "piscina", async () => {
    const { Piscina } = await import("piscina");
    const pool = new Piscina({ filename: peerModule.href, maxThreads: 1, minThreads: 1 });
    enders.push(() => void pool.destroy());
    return () => drive((value) => pool.run(value));
  });
  if (!("Bun" in globalThis)) {
    await peer(cases, "workerpool", async () => {
      const { default: workerpool } = await import("workerpool");
      const pool = workerpool.pool(new URL("./workerpool_peer.mjs", import.meta.url).pathname, { maxWorkers: 1 });
      enders.push(() => void pool.terminate(true));
      return () => drive((value) => Promise.resolve(pool.exec("increment", [value])));
    });
  }
  return cases;
}

export const inTurn: Bench = {
  name: "worker-in-turn",
  claim: "a call to a worker, one after the other, costs at most 1.2 x a raw message and its answer",
  unit: "us",
  target: 1.2,
  cases: () => casesOf(2000, 1),
};

export const inFlight: Bench = {
  name: "worker-64",
  claim: "64 calls in flight cost at most 0.5 x one raw message a call",
  unit: "us",
  target: 0.5,
  cases: () => casesOf(12_800, 64),
};
