import type { HostName } from "../../port/host.ts";

/**
 * Which runtime this is. It is looked for by what it can do; the names only tell apart runtimes that offer the same features with
 * different behaviour behind them.
 */
export function runtimeName(): Exclude<HostName, "simulation"> {
  const scope = globalThis as {
    process?: { getBuiltinModule?(name: string): { setImmediate?: unknown } | undefined };
    Deno?: { serve?: unknown };
    Bun?: { serve?: unknown };
  };
  // Not the global function: jest's jsdom takes that away, and has no MessageChannel that a page would have.
  const hasServerLoop = typeof scope.process?.getBuiltinModule === "function" &&
    typeof scope.process.getBuiltinModule("node:timers")?.setImmediate === "function";
  if (!hasServerLoop) return "browser";
  if (typeof scope.Bun?.serve === "function") return "bun";
  if (typeof scope.Deno?.serve === "function") return "deno";
  return "node";
}
