/**
 * Which host this is, and putting another one in its place.
 *
 * @module
 */

import { browserHost, bunHost, denoHost, nodeHost } from "./hosts/mod.ts";
import type { Host } from "./port/host.ts";

let current: Host | undefined;

/**
 * The host in use: the simulated one while a simulation runs, else the one found on the first call.
 *
 * It is looked for by what it can do; the names only tell apart runtimes that offer the same features with different
 * behaviour behind them.
 */
export function currentHost(): Host {
  return current ??= findHost();
}

/** Puts another host in place of the current one and returns that; for simulations. */
export function replaceHost(host: Host): Host {
  const replaced = currentHost();
  current = host;
  return replaced;
}

function findHost(): Host {
  const scope = globalThis as {
    process?: { getBuiltinModule?: unknown };
    setImmediate?: unknown;
    Deno?: { serve?: unknown };
    Bun?: { serve?: unknown };
  };
  const hasServerLoop = typeof scope.setImmediate === "function" &&
    typeof scope.process?.getBuiltinModule === "function";
  if (!hasServerLoop) return browserHost();
  if (typeof scope.Bun?.serve === "function") return bunHost();
  if (typeof scope.Deno?.serve === "function") return denoHost();
  return nodeHost();
}
