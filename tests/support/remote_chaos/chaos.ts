/**
 * Many calls, while those who serve and the server between are killed.
 *
 * @module
 */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { RemotePool } from "../../../remote.ts";
import { type Child, start } from "../child.ts";
import type { NatsServer, NatsStream } from "../nats.ts";
import { until } from "../within.ts";

/** How much of it there is to be. */
export interface ChaosOptions {
  readonly calls: number;
  /** How many processes serve, and how many of them are killed with -9 on the way. */
  readonly servers: number;
  readonly serverKills: number;
  /** How often nats-server is killed with -9 and started again. */
  readonly natsKills: number;
  readonly attempts?: number;
  readonly ackWait?: number;
  /** How many calls are made at once. */
  readonly inFlight?: number;
}

/** What came of it. */
export interface ChaosFigures {
  readonly seconds: number;
  /** Calls that gave their own result, gave another one, or failed, with the errors. */
  readonly right: number;
  readonly wrong: number;
  readonly errors: readonly string[];
  /** Calls that never ran, that ran more than once, and the most that one ran. */
  readonly neverRan: number;
  readonly ranTwice: number;
  readonly mostRuns: number;
  /** What the pool counted. */
  readonly duplicates: number;
  readonly reconnects: number;
  /** Jobs that nats-server had forgotten to have taken out, although they were acknowledged, and that were still there at the end. */
  readonly orphans: number;
}

type Tasks = typeof import("./tasks.ts");

/** Does it, on a server that keeps what it has in files. */
export async function chaos(nats: NatsServer, options: ChaosOptions): Promise<ChaosFigures> {
  const { calls, servers, serverKills, natsKills, attempts = 3, ackWait = 1500, inFlight = 64 } = options;
  const file = join(nats.folder, "runs");
  writeFileSync(file, "");
  const queue = { servers: nats.url, queue: "chaos", ackWait, attempts };
  const program = new URL("./server.ts", import.meta.url);
  const begin = async (): Promise<Child> => {
    const child = start(program, [JSON.stringify({ ...queue, size: 2 })], { timeout: 600_000 });
    await child.waitFor(/ready/);
    return child;
  };
  let serving: Child[] = [];
  const pool = new RemotePool<Tasks>(queue);
  const from = performance.now();
  try {
    serving = await Promise.all(Array.from({ length: servers }, begin));
    const counts = { right: 0, wrong: 0, settled: 0 };
    const errors: string[] = [];
    let killed = 0;
    // Whoever begins to serve needs a nats-server that is there: starts wait for one another, kills do not.
    let starts: Promise<unknown> = Promise.resolve();
    // The next one to die is the one that has served longest; another one takes its place.
    const killServer = (): void => {
      const child = serving.shift();
      if (child !== undefined) process.kill(child.process.pid!, "SIGKILL");
      starts = starts.then(async () => {
        await child?.ended;
        serving.push(await begin());
        if (child === undefined) killServer();
      });
    };
    const killDue = (): void => {
      const due = Math.floor(counts.settled / calls * (serverKills + natsKills + 1));
      for (; killed < Math.min(due, serverKills + natsKills); killed++) {
        // Those of nats-server lie evenly among the others.
        const before = (kills: number): number => Math.floor(kills * natsKills / (serverKills + natsKills) + 0.5);
        const isNats = before(killed + 1) > before(killed);
        if (isNats) starts = starts.then(() => nats.restart("SIGKILL"));
        else killServer();
      }
    };
    let next = 0;
    const caller = async (): Promise<void> => {
      for (let call = next++; call < calls; call = next++) {
        try {
          const result = await pool.run("work", [call, file, 2 + call % 7]);
          if (result === call * 2) counts.right++;
          else counts.wrong++;
        } catch (error) {
          errors.push(`${error}`);
        }
        counts.settled++;
        killDue();
      }
    };
    await Promise.all(Array.from({ length: inFlight }, caller));
    for (let last; last !== starts;) await (last = starts);
    // The last of its deaths may have come when all calls were over.
    await until(() => pool.statistics().reconnects >= natsKills, "each loss of nats-server was noticed");
    // What nats-server has forgotten of acknowledgements comes once more.
    const stream = async (): Promise<NatsStream> => (await nats.streams()).get("MILLRACE_chaos")!;
    const isIdle = async (): Promise<boolean> => (await stream()).pending.every((count) => count === 0);
    await until(isIdle, "nothing is queued or delivered");
    const orphans = (await stream()).messages;
    await until(async () => (await stream()).messages === 0, "nothing is left in the queue");
    await until(() => pool.statistics().reconnects >= natsKills, "the pool has found nats-server again");
    const { duplicates, reconnects } = pool.statistics();
    await pool.close();
    const runs = new Map<number, number>();
    for (const line of readFileSync(file, "utf8").trimEnd().split("\n")) {
      const call = Number(line.split(" ")[0]);
      runs.set(call, (runs.get(call) ?? 0) + 1);
    }
    const times = [...runs.values()];
    return {
      seconds: Math.round((performance.now() - from) / 100) / 10,
      ...{ right: counts.right, wrong: counts.wrong, errors },
      neverRan: calls - runs.size,
      ranTwice: times.filter((count) => count > 1).length,
      mostRuns: Math.max(...times),
      ...{ duplicates, reconnects },
      orphans,
    };
  } finally {
    for (const child of serving) if (child.process.exitCode === null) child.process.kill("SIGKILL");
    await Promise.all(serving.map(({ ended }) => ended));
    await pool.close({ timeout: 0 });
  }
}
