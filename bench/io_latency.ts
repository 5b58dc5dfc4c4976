/**
 * How long a loopback echo takes while 21 jobs of CPU work run: ours, and the ways in which others yield. The jobs of one measurement
 * are given 2 s: Deno polls after 61 rounds of those that yield by setImmediate, so that their figures there say "at least".
 */

import { connect, createServer, type Server, type Socket } from "node:net";
import { runChunked } from "../mod.ts";
import { type Bench, type Case, peer } from "./harness.ts";

const jobs = 21;
/** Each job yields, or asks if it should, after so many ms. */
const politeness = 5;
/** The longest that the jobs of one measurement run, in ms. */
const longest = 2000;

type Job = (isOver: () => boolean) => Promise<unknown>;

const ours: Job = (isOver) =>
  runChunked(function* () {
    while (!isOver()) {
      spin(0.2);
      yield;
    }
  }, { onSlowItem() {} });

/** A job that waits for something after each slice of its own. */
function polite(wait: () => Promise<unknown>): Job {
  return async (isOver) => {
    while (!isOver()) {
      spin(politeness);
      await wait();
    }
  };
}

export const bench: Bench = {
  name: "io-latency",
  claim: "with 21 chunked jobs a loopback echo answers within the slice (5 ms) and 2 ms at p50",
  unit: "ms",
  by: "wall",
  target: undefined,
  most: 7,
  rounds: 5,
  async cases() {
    const cases: Case[] = [
      { name: "no load", kind: "peer", run: () => underLoad(ours, 0, 0.5) },
      { name: "Millrace: 21 chunked jobs", kind: "ours", run: () => underLoad(ours, jobs, 0.5) },
      {
        name: "21 jobs that each await setImmediate after 5 ms",
        kind: "peer",
        run: () => underLoad(polite(() => new Promise((resolve) => setImmediate(resolve))), jobs, 0.5),
      },
    ];
    await peer(cases, "21 jobs with the host's scheduler.yield()", async () => {
      const { scheduler } = await import("node:timers/promises");
      return () => underLoad(polite(() => scheduler.yield() as unknown as Promise<void>), jobs, 0.5);
    });
    await peer(cases, "21 jobs with p-queue, a task for every 5 ms", async () => {
      const { default: PQueue } = await import("p-queue");
      return () => {
        const queue = new PQueue({ concurrency: 1 });
        return underLoad(polite(() => queue.add(() => new Promise((resolve) => setImmediate(resolve)))), jobs, 0.5);
      };
    });
    await peer(cases, "21 callbacks of React's scheduler", async () => {
      // @ts-expect-error: the package has no types
      const react = (await import("scheduler")).default;
      return () =>
        underLoad(
          (isOver) =>
            new Promise<void>((resolve) => {
              function work(): unknown {
                while (!isOver()) {
                  spin(0.2);
                  if (react.unstable_shouldYield()) return work;
                }
                return resolve();
              }
              react.unstable_scheduleCallback(react.unstable_NormalPriority, work);
            }),
          jobs,
          0.5,
        );
    });
    await peer(cases, "21 fibers of Effect", async () => {
      const { Effect } = await import("effect");
      return () =>
        underLoad(
          (isOver) =>
            Effect.runPromise(Effect.gen(function* () {
              while (!isOver()) {
                spin(politeness);
                yield* Effect.yieldNow;
              }
            })),
          jobs,
          0.5,
        );
    });
    return cases;
  },
};

export const worst: Bench = {
  ...bench,
  name: "io-latency-p99",
  claim: "with 21 chunked jobs a loopback echo answers within three slices (15 ms) at p99",
  most: 15,
  cases: () => [{ name: "Millrace: 21 chunked jobs", kind: "ours", run: () => underLoad(ours, jobs, 0.99, 200) }],
};

/** The time of an echo while the jobs run, at a quantile of `pings`. */
async function underLoad(job: Job, number: number, share: number, pings: number = 15): Promise<number> {
  const server: Server = createServer((socket) => socket.on("data", (data) => socket.write(data)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const socket: Socket = connect((server.address() as { port: number }).port, "127.0.0.1");
  await new Promise<void>((resolve) => socket.once("connect", () => resolve()));
  socket.setNoDelay(true);
  let stopped = false;
  const end = performance.now() + longest;
  const running = Array.from({ length: number }, () => job(() => stopped || performance.now() > end));
  const times: number[] = [];
  for (let ping = 0; ping < pings && (ping === 0 || performance.now() < end); ping++) {
    const began = performance.now();
    const answered = new Promise<void>((resolve) => socket.once("data", () => resolve()));
    socket.write("x");
    await answered;
    times.push(performance.now() - began);
  }
  stopped = true;
  await Promise.all(running);
  socket.destroy();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  // An echo goes through the loop twice: in at the server, in at the client.
  return times.sort((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * share))]! / 2;
}

function spin(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}
