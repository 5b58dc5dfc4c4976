/**
 * The threads that belong to a host.
 *
 * @module
 */

import { browserThreads, bunThreads, denoThreads, nodeThreads, runtimeName } from "./hosts/mod.ts";
import type { Host } from "./port/host.ts";
import type { HostThreads } from "./port/worker.ts";

/** The threads of a host: its own, else those of the runtime. */
export function threadsOf(host: Host): HostThreads {
  return host.threads ?? threads[runtimeName()];
}

const threads = { node: nodeThreads, deno: denoThreads, bun: bunThreads, browser: browserThreads };
