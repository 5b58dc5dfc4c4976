/**
 * The network that belongs to a host.
 *
 * @module
 */

import { browserNetwork, bunNetwork, denoNetwork, nodeNetwork, runtimeName } from "./hosts/mod.ts";
import type { Host } from "./port/host.ts";
import type { HostNetwork } from "./port/network.ts";

/** The network of a host: its own, else that of the runtime. */
export function networkOf(host: Host): HostNetwork {
  return host.network ?? networks[runtimeName()];
}

const networks = { node: nodeNetwork, deno: denoNetwork, bun: bunNetwork, browser: browserNetwork };
