/**
 * Which host this is, and putting another one in its place.
 *
 * @module
 */

import { browserHost, bunHost, denoHost, nodeHost, runtimeName } from "./hosts/mod.ts";
import type { Host } from "./port/host.ts";

let current: Host | undefined;

/** The host in use: the simulated one while a simulation runs, else the one found on the first call. */
export function currentHost(): Host {
  return current ??= hosts[runtimeName()]();
}

/** Puts another host in place of the current one and returns that; for simulations. */
export function replaceHost(host: Host): Host {
  const replaced = currentHost();
  current = host;
  return replaced;
}

const hosts = { node: nodeHost, deno: denoHost, bun: bunHost, browser: browserHost };
