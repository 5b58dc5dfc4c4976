/** What `serve` promises beside its rate: latency beside CPU work; the cost of refusing; the end; what idle connections cost. */

import process from "node:process";
import { connect, type Socket } from "node:net";
import { group, runChunked, sleep } from "../mod.ts";
import { serve } from "../io/mod.ts";
import type { Bench, Timed } from "./harness.ts";
import { ServedProcess } from "./serve_process.ts";
import { type Load, wrk } from "./tools.ts";

const hello = () => new Response("hello");

/** CPU work without end, in slices. */
function* work(): Generator<void> {
  for (;;) {
    for (const end = performance.now() + 0.2; performance.now() < end;);
    yield;
  }
}

export const besideWork: Bench = {
  name: "serve-beside-work",
  claim: "with chunked CPU work running all the time the 99th percentile is at most three slices (15 ms) later",
  unit: "ms",
  by: "wall",
  target: undefined,
  more: 15,
  rounds: 5,
  async cases() {
    const server = await serve(hello, { timeout: 10_000 });
    const latest = async () => (await wrk(server.port, { connections: 4 })).p99 / 1000;
    return [
      { name: "idle", kind: "floor", run: latest },
      {
        name: "beside a chunked job",
        kind: "ours",
        run: () =>
          group(async (g) => {
            const job = g.spawn(() => runChunked(work, { onSlowItem() {} }));
            const p99 = await latest();
            job.cancel();
            return p99;
          }),
      },
    ];
  },
};

export const refusing: Bench = {
  name: "serve-refusing",
  claim: "to refuse a request costs a fifth of what it costs to serve one that reads 64 KiB of JSON",
  unit: "us/request",
  target: 0.2,
  rounds: 5,
  async cases() {
    const read = async (request: Request): Promise<Response> => new Response(String((await request.json()).length));
    const served = await serve(read, { timeout: 10_000 });
    const full = await serve(() => sleep(1e9).then(hello), { maxConcurrent: 1, drain: { grace: 0 } });
    void fetch(full.url).catch(() => {});
    while (full.statistics().active === 0) await sleep(1);
    return [
      { name: "served", kind: "floor", run: () => load(served.port, { post: 65_536 }) },
      { name: "refused with 503", kind: "ours", run: () => load(full.port, { isRefused: true }) },
    ];
  },
};

/** What a request to a server of this process costs, in us. */
async function load(port: number, options: Load): Promise<Timed> {
  const before = process.cpuUsage();
  const { duration, requests } = await wrk(port, options);
  const { user, system } = process.cpuUsage(before);
  return { figure: duration / requests, cpu: (user + system) / requests };
}

const open = 1000;

export const draining: Bench = {
  name: "serve-drain",
  claim: `a drain of ${open} open requests ends within grace (100 ms) and 200 ms`,
  unit: "ms",
  by: "wall",
  target: undefined,
  most: 300,
  rounds: 3,
  cases: () => [{
    name: `${open} open requests`,
    kind: "ours",
    async run() {
      const server = await serve(() => sleep(1e9).then(hello));
      const sockets = Array.from({ length: open }, () => ask(server.port));
      while (server.statistics().active < open) await sleep(5);
      const began = performance.now();
      await server.drain({ grace: 100 });
      const took = performance.now() - began;
      for (const socket of sockets) socket.destroy();
      return took;
    },
  }],
};

function ask(port: number): Socket {
  const socket = connect(port, "127.0.0.1", () => socket.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n"));
  // A client that reads nothing never learns that the server has closed.
  socket.on("error", () => {}).resume();
  return socket;
}

export const idleConnections: Bench = {
  name: "serve-idle",
  claim: "of 10,000 idle connections one holds no more memory than it does with the bare server",
  unit: "KiB/connection",
  target: 1,
  rounds: 3,
  warmUps: 0,
  cases: () => [
    { name: "serve", kind: "ours", run: () => memoryOf("ours") },
    { name: "the bare server", kind: "floor", run: () => memoryOf("bare") },
  ],
};

/** The memory that a server of its own process takes for each of its idle connections. */
async function memoryOf(kind: "ours" | "bare"): Promise<number> {
  const server = await ServedProcess.start(kind);
  const count = 10_000;
  const sockets: Socket[] = [];
  async function openTo(total: number): Promise<void> {
    while (sockets.length < total) {
      const batch = Array.from({ length: Math.min(100, total - sockets.length) }, () => ask(server.port));
      await Promise.all(batch.map((socket) => new Promise((resolve) => socket.once("data", resolve))));
      sockets.push(...batch);
    }
  }
  // What its first requests leave of a heap is no connection's.
  await wrk(server.port, { seconds: 2 });
  await openTo(500);
  const before = await server.memory();
  await openTo(500 + count);
  const after = await server.memory();
  for (const socket of sockets) socket.destroy();
  await server.end();
  return (after - before) / count / 1024;
}
