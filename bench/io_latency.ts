/**
 * How long a loopback echo takes while 21 chunked jobs run: ours, and jobs that yield by setImmediate after 20 ms each. These
 * are given 2 s: Deno polls after 61 rounds of them, which takes 25 s, so that its figure there says "at least".
 */

import { connect, createServer, type Server, type Socket } from "node:net";
import { runChunked } from "../mod.ts";
import type { Bench } from "./harness.ts";

const jobs = 21;
const pings = 15;
/** The longest that the jobs of one measurement run, in ms. */
const longest = 2000;

export const bench: Bench = {
  name: "io-latency",
  claim: "with 21 chunked jobs a loopback echo answers within the slice (5 ms) and 2 ms at p50",
  unit: "ms",
  target: undefined,
  rounds: 5,
  cases() {
    return [
      { name: "no load", kind: "peer", run: () => underLoad(() => Promise.resolve(), 0) },
      {
        name: "Millrace: 21 chunked jobs",
        kind: "ours",
        run: () =>
          underLoad((stop) =>
            runChunked(function* () {
              while (!stop()) {
                spin(0.2);
                yield;
              }
            }), jobs),
      },
      {
        name: "21 jobs that each yield after 20 ms",
        kind: "peer",
        run: () =>
          underLoad(async (stop) => {
            while (!stop()) {
              spin(20);
              await new Promise<void>((resolve) => setImmediate(resolve));
            }
          }, jobs),
      },
    ];
  },
};

/** The median time of an echo while the jobs run. */
async function underLoad(job: (stop: () => boolean) => Promise<unknown>, number: number): Promise<number> {
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
  return times.sort((a, b) => a - b)[times.length >> 1]! / 2;
}

function spin(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}
