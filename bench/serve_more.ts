/** What `serve` promises beside its rate: latency, also beside CPU work; the cost of refusing; the end; what idle connections cost. */

import { spawn } from "node:child_process";
import { connect, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { group, runChunked, sleep } from "../mod.ts";
import { serve } from "../io/mod.ts";
import { commandFor } from "../tests/support/hosts.ts";
import type { Bench } from "./harness.ts";
import { bareServer, measureLoad } from "./serve_load.ts";

const hello = () => new Response("hello");

export const tail: Bench = {
  name: "serve-p99",
  claim: "the 99th percentile is at most 1.2 x that of the bare server",
  unit: "us",
  target: 1.2,
  rounds: 5,
  async cases() {
    const ours = await serve(hello, { timeout: 10_000 });
    const bare = await bareServer();
    return [
      { name: "serve", kind: "ours", run: () => measureLoad(ours.port, { wants: "p99" }) },
      { name: bare.name, kind: "floor", run: () => measureLoad(bare.port, { wants: "p99" }) },
    ];
  },
};

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
  unit: "us",
  target: undefined,
  rounds: 5,
  async cases() {
    const server = await serve(hello, { timeout: 10_000 });
    const load = { connections: 4, wants: "p99" } as const;
    return [
      { name: "idle", kind: "floor", run: () => measureLoad(server.port, load) },
      {
        name: "beside a chunked job",
        kind: "ours",
        run: () =>
          group(async (g) => {
            const job = g.spawn(() => runChunked(work));
            const p99 = await measureLoad(server.port, load);
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
      { name: "served", kind: "floor", run: () => measureLoad(served.port, { post: 65_536 }) },
      { name: "refused with 503", kind: "ours", run: () => measureLoad(full.port) },
    ];
  },
};

const open = 1000;

export const draining: Bench = {
  name: "serve-drain",
  claim: `a drain of ${open} open requests ends within grace (100 ms) and 200 ms`,
  unit: "ms",
  target: undefined,
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
  socket.on("error", () => {});
  return socket;
}

const idle = fileURLToPath(new URL("./serve_idle.ts", import.meta.url));

export const idleConnections: Bench = {
  name: "serve-idle",
  claim: "an idle connection holds at most 1.2 x the memory that it does with the bare server",
  unit: "KiB/connection",
  target: 1.2,
  rounds: 3,
  cases: () => [
    { name: "serve", kind: "ours", run: () => memoryOf("ours") },
    { name: "the bare server", kind: "floor", run: () => memoryOf("bare") },
  ],
};

/** The memory that a server of its own process takes for each of its idle connections. */
async function memoryOf(kind: "ours" | "bare"): Promise<number> {
  const { command, args } = commandFor(idle, kind);
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  const lines: ((line: string) => void)[] = [];
  child.stdout.setEncoding("utf8").on(
    "data",
    (text: string) => text.trim().split("\n").forEach((it) => lines.shift()?.(it)),
  );
  const line = (): Promise<string> => new Promise((resolve) => lines.push(resolve));
  const port = Number(await line());
  async function memory(): Promise<number> {
    const answer = line();
    child.stdin.write("memory\n");
    return Number(await answer);
  }
  const count = 10_000;
  const sockets: Socket[] = [];
  async function openTo(total: number): Promise<void> {
    while (sockets.length < total) {
      const batch = Array.from({ length: Math.min(100, total - sockets.length) }, () => ask(port));
      await Promise.all(batch.map((socket) => new Promise((resolve) => socket.once("data", resolve))));
      sockets.push(...batch);
    }
  }
  // What its first requests leave of a heap is no connection's.
  await measureLoad(port, { ms: 1500 });
  await openTo(500);
  const before = await memory();
  await openTo(500 + count);
  const after = await memory();
  for (const socket of sockets) socket.destroy();
  const ended = new Promise((resolve) => child.on("close", resolve));
  child.kill("SIGKILL");
  await ended;
  return (after - before) / count / 1024;
}
