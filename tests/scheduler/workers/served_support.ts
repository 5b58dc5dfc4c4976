/** Workers that serve a pool and are started by the program. */

import { Worker as NodeWorker } from "node:worker_threads";
import type { GivenWorker } from "../../../mod.ts";
import { hostOfThis } from "../../support/hosts.ts";

const served = new URL("./programs/served.ts", import.meta.url);

/** A worker as a program of this host starts one; Node 20 has to be taught TypeScript first. */
export function start(): GivenWorker {
  const { Worker } = globalThis as { Worker?: new (url: URL, options: object) => GivenWorker };
  if (Worker !== undefined) return new Worker(served, { type: "module" });
  if (hostOfThis() !== "node") return new NodeWorker(served);
  const hooks = new URL("../../support/typescript.mjs", import.meta.url);
  return new NodeWorker(`import("${hooks}").then(({ register }) => (register(), import("${served}")))`, { eval: true });
}
