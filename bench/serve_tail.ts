/** How late the latest answers of a server are: flat out, and at half of what it can do. */

import type { Bench, Case, Measured } from "./harness.ts";
import { percentile } from "./load_figures.ts";
import { bareName } from "./serve_bare.ts";
import { ServedProcess } from "./serve_process.ts";
import { h2load, wrk } from "./tools.ts";

const flatOutLoad = { connections: 64, seconds: 2 };

/** With 64 requests on their way at all times, one of them waits for as long as the 64 take: the slower server's are later by that alone. */
export const flatOut: Bench = {
  name: "serve-p99",
  claim:
    "with 64 connections flat out, the 99th percentile is at most 1.5 x what the bare one's would be at the same rate",
  unit: "ms",
  by: "wall",
  target: 1.5,
  rounds: 5,
  async cases() {
    const ours = await ServedProcess.start("ours");
    const bare = await ServedProcess.start("bare");
    let pace = NaN;
    let bareP99 = NaN;
    return [
      {
        name: "serve, new Response",
        kind: "ours",
        async run() {
          const { duration, requests, p99 } = await wrk(ours.port, flatOutLoad);
          pace = duration / requests;
          return p99 / 1000;
        },
      },
      {
        name: `${bareName()}, were it as slow`,
        kind: "floor",
        async run() {
          const { duration, requests, p99 } = await wrk(bare.port, flatOutLoad);
          bareP99 = p99 / 1000;
          return bareP99 * pace / (duration / requests);
        },
      },
      { name: `${bareName()}, at its own rate`, kind: "peer", run: () => bareP99 },
    ];
  },
};

/** What a server does in a second that has as much to do as it can. */
async function capacityOf({ port }: ServedProcess): Promise<number> {
  await wrk(port, flatOutLoad);
  const { duration, requests } = await wrk(port, flatOutLoad);
  return requests / duration * 1e6;
}

export const halfLoad: Bench = {
  name: "serve-p99-half",
  claim:
    "at half of its own capacity, the 99th percentile is at most 1 ms above that of the bare server at half of its own",
  unit: "ms",
  by: "wall",
  target: undefined,
  more: 1,
  rounds: 5,
  warmUps: 1,
  async cases() {
    const cases: Case[] = [];
    const kinds: [string, string, Measured["kind"]][] = [
      ["ours", "serve, new Response", "ours"],
      ["bare", bareName(), "floor"],
    ];
    for (const [served, name, kind] of kinds) {
      const server = await ServedProcess.start(served);
      const rate = await capacityOf(server) / 2;
      console.error(`  ${name}: ${Math.round(rate)} requests a second are half of its capacity`);
      cases.push({ name, kind, run: async () => percentile(await h2load(server.port, rate, 2), 0.99) });
    }
    return cases;
  },
};
