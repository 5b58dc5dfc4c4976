/**
 * One side of remote calls, in a process of its own: `caller KIND ADDRESS` or `worker KIND ADDRESS`. Prints a line when it is ready, then
 * answers the lines of its input: "cpu" with the CPU time of its threads in us, "run MS IN-FLIGHT" with how many calls it has made, "pile
 * COUNT" with the bytes of heap of one of so many calls that wait, "took" with how many us all of those took. Ends with its input.
 */

import process from "node:process";
import { RemotePool, serveTasks } from "../remote.ts";
import { bullCaller, bullWorker, type Call, jetStreamCaller, jetStreamWorker, module, size } from "./remote_peers.ts";

type Tasks = typeof import("./worker_tasks.ts");

const callers: Readonly<Record<string, (address: string) => Promise<Call>>> = {
  ours: (servers) => ours(servers, "at-least-once"),
  once: (servers) => ours(servers, "at-most-once"),
  inline: (servers) => jetStreamCaller(servers, "inline"),
  threads: (servers) => jetStreamCaller(servers, "threads"),
  bullmq: bullCaller,
  pile: () => Promise.resolve(() => Promise.resolve()),
};

const workers: Readonly<Record<string, (address: string) => Promise<unknown>>> = {
  ours: (servers) => serveTasks(module, { servers, queue, size, workers: { min: size } }),
  inline: (servers) => jetStreamWorker(servers, "inline", false),
  threads: (servers) => jetStreamWorker(servers, "threads", true),
  bullmq: bullWorker,
};

const queue = "bench";

async function ours(servers: string, delivery: "at-least-once" | "at-most-once"): Promise<Call> {
  const pool = new RemotePool<Tasks>({ servers, queue, delivery, queueLimit: 200_000 });
  await pool.run("increment", [1]);
  return (value) => pool.run("increment", [value]);
}

/** Makes so many calls at once that nobody serves, waits until all are stored, and gives them up; answers with the bytes of heap of each. */
async function pileUp(count: number): Promise<number> {
  const { connect } = await import("@nats-io/transport-node");
  const { jetstreamManager } = await import("@nats-io/jetstream");
  const servers = process.argv[4]!;
  const connection = await connect({ servers });
  const manager = await jetstreamManager(connection);
  const pool = new RemotePool<Tasks>({ servers, queue: "pile", queueLimit: count });
  const stored = async (): Promise<number> => (await manager.streams.info("MILLRACE_pile")).state.messages;
  // The first one makes the queue.
  const calls: Promise<unknown>[] = [pool.run("increment", [0])];
  while (await stored().catch(() => 0) === 0) await pause();
  const before = memory();
  const began = performance.now();
  for (let index = 1; index < count; index++) calls.push(pool.run("increment", [1_000_000 + index]));
  while (await stored() < count) await pause();
  took = (performance.now() - began) * 1000;
  await pause();
  const bytes = (memory() - before) / count;
  await Promise.all([pool.close({ timeout: 0 }), ...calls.map((call) => call.catch(() => {}))]);
  await manager.streams.delete("MILLRACE_pile");
  await connection.close();
  return bytes;
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 50));
}

/** Calls for so many ms, so many at a time; answers with how many calls that were. */
async function run(call: Call, ms: number, inFlight: number): Promise<number> {
  const end = performance.now() + ms;
  let count = 0;
  await Promise.all(Array.from({ length: inFlight }, async () => {
    while (performance.now() < end) {
      // In JSON it is of ten bytes.
      const value = 1_000_000 + count++ % 1_000_000;
      if (await call(value) !== value + 1) throw new Error("A call gave the result of another one");
    }
  }));
  return count;
}

const { gc } = globalThis as { gc?: () => void };
const { Bun } = globalThis as { Bun?: { gc(full: boolean): void } };
let took = 0;

/** The heap in use, once its garbage is collected. */
function memory(): number {
  if (Bun === undefined) gc?.();
  else Bun.gc(true);
  return process.memoryUsage().heapUsed;
}

async function told(call: Call | undefined, [what, ...words]: string[]): Promise<number> {
  switch (what) {
    case "cpu": {
      const { user, system } = process.cpuUsage();
      return user + system;
    }
    case "pile":
      return await pileUp(Number(words[0]));
    case "run": {
      const began = performance.now();
      const count = await run(call!, Number(words[0]), Number(words[1]));
      took = (performance.now() - began) * 1000;
      return count;
    }
    default:
      return took;
  }
}

try {
  const [role, kind = "", address = ""] = process.argv.slice(2);
  let call: Call | undefined;
  if (role === "caller") call = await callers[kind]!(address);
  else await workers[kind]!(address);
  process.stdin.setEncoding("utf8");
  process.stdin.on("data", (line: string) => {
    told(call, line.trim().split(" ")).then(
      console.log,
      (error) => console.log((error as Error).message.split("\n")[0]),
    );
  });
  process.stdin.on("end", () => process.exit());
  console.log("ready");
} catch (error) {
  console.log((error as Error).message.split("\n")[0]);
  process.exit(1);
}
