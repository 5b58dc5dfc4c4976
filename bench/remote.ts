/**
 * Calls to another process: ours through NATS JetStream, the same by hand, and BullMQ with redis. Caller and worker have a process each; CPU
 * time is that of both and of the server between them.
 */

import { AskedProcess } from "./asked_process.ts";
import type { Bench, Case, Timed } from "./harness.ts";
import { type RunningServer, startNats, startRedis } from "./remote_servers.ts";

/** For how long a case calls in each round, in ms. */
const window = 800;

/** How many calls wait at once where that is measured. */
const waiting = 100_000;

/** What stands between caller and worker, started once. */
let nats: Promise<RunningServer> | undefined;
let redis: Promise<RunningServer> | undefined;

const viaNats = (): Promise<RunningServer> => nats ??= startNats();
const viaRedis = (): Promise<RunningServer> => redis ??= startRedis();

async function startSide(role: "caller" | "worker", kind: string, { address }: RunningServer): Promise<AskedProcess> {
  const side = new AskedProcess("remote_side.ts", [role, kind, address]);
  const line = await side.line();
  if (line !== "ready") throw new Error(`The ${role} of ${kind}: ${line}`);
  return side;
}

/** Workers by kind; the two ways of ours have one. */
const workers = new Map<string, Promise<AskedProcess>>();

/** A caller and a worker of a kind. */
class Pair {
  readonly #server: RunningServer;
  readonly #sides: readonly [caller: AskedProcess, worker: AskedProcess];

  static async start(kind: string, via: () => Promise<RunningServer>): Promise<Pair> {
    const server = await via();
    const served = kind === "once" ? "ours" : kind;
    const known = workers.get(served);
    // By hand the caller makes the queue, and the worker looks for it; of ours a caller is ready when it has been answered.
    if (served !== "ours") {
      const caller = await startSide("caller", kind, server);
      return new Pair(server, [caller, await startSide("worker", kind, server)]);
    }
    const worker = known ?? startSide("worker", served, server);
    workers.set(served, worker);
    await worker;
    return new Pair(server, [await startSide("caller", kind, server), await worker]);
  }

  private constructor(server: RunningServer, sides: readonly [AskedProcess, AskedProcess]) {
    this.#server = server;
    this.#sides = sides;
  }

  async #cpu(): Promise<number> {
    const own = await Promise.all(this.#sides.map((side) => side.ask("cpu")));
    return own.reduce((sum, cpu) => sum + cpu, this.#server.cpu());
  }

  /** What a call takes, of so many at a time, in us. */
  async run(inFlight: number): Promise<Timed> {
    const [caller] = this.#sides;
    const before = await this.#cpu();
    const count = await caller.ask(`run ${window} ${inFlight}`);
    const cpu = await this.#cpu() - before;
    return { figure: await caller.ask("took") / count, cpu: cpu / count };
  }
}

interface Way {
  readonly name: string;
  readonly kind: string;
  readonly via: () => Promise<RunningServer>;
}

const ours: Way = { name: "Millrace: RemotePool, at least once", kind: "ours", via: viaNats };
const once: Way = { name: "Millrace: RemotePool, at most once", kind: "once", via: viaNats };
const byHand: Way = { name: "JetStream by hand, function in the main thread", kind: "inline", via: viaNats };
const onThreads: Way = { name: "JetStream by hand, function in a WorkerPool", kind: "threads", via: viaNats };
const bullmq: Way = { name: "BullMQ and redis, which keeps nothing", kind: "bullmq", via: viaRedis };

async function caseOf({ name, kind, via }: Way, inFlight: number, as: Case["kind"]): Promise<Case> {
  const pair = await Pair.start(kind, via);
  return { name, kind: as, run: () => pair.run(inFlight) };
}

function besideHand(name: string, inFlight: number): Bench {
  return {
    name,
    claim:
      `a remote call, ${inFlight} at a time, takes at most 1.5 x the CPU time of the same by hand: JetStream and a WorkerPool`,
    unit: "us",
    target: 1.5,
    rounds: 7,
    async cases() {
      return [
        await caseOf(onThreads, inFlight, "floor"),
        await caseOf(byHand, inFlight, "peer"),
        await caseOf(ours, inFlight, "ours"),
        await caseOf(once, inFlight, "ours"),
        await caseOf(bullmq, inFlight, "peer"),
      ];
    },
  };
}

export const remoteOne: Bench = besideHand("remote-1", 1);
export const remoteSome: Bench = besideHand("remote-64", 64);
export const remoteMany: Bench = besideHand("remote-1000", 1000);

export const remoteSpeed: Bench = {
  name: "remote-64-speed",
  claim: "remote calls, 64 at a time, are at least 3 x as many a second as those of BullMQ",
  unit: "us",
  by: "wall",
  target: 1 / 3,
  rounds: 7,
  async cases() {
    return [
      await caseOf(bullmq, 64, "floor"),
      await caseOf(ours, 64, "ours"),
      await caseOf(once, 64, "ours"),
    ];
  },
};

export const remoteWaiting: Bench = {
  name: "remote-waiting",
  claim: "a call that waits in the queue, of 100,000, keeps at most 4 KiB",
  unit: "bytes",
  target: undefined,
  most: 4096,
  rounds: 3,
  warmUps: 1,
  async cases() {
    const caller = await startSide("caller", "pile", await viaNats());
    const pile = async (): Promise<number> => {
      const bytes = await caller.ask(`pile ${waiting}`);
      console.error(`  all are stored after ${Math.round(await caller.ask("took") / 1000)} ms`);
      return bytes;
    };
    return [{ name: ours.name, kind: "ours", run: pile }];
  },
};
