import type { Host } from "../host.ts";
import { nodeNet } from "../net.ts";
import {
  asyncContext,
  exit,
  immediateTurns,
  keepAlive,
  now,
  onSignal,
  parallelism,
  raise,
  report,
  setExitCode,
  setTimer,
} from "./shared.ts";
import { spawnWebWorker } from "./web_worker.ts";

/** The host over Bun's loop. */
export function bunHost(): Host {
  return {
    name: "bun",
    now,
    openTurns: immediateTurns,
    setTimer,
    openContext: asyncContext,
    keepAlive,
    onSignal,
    raise,
    exit,
    setExitCode,
    report,
    parallelism,
    // Bun takes resourceLimits and does not keep to them: a limit that is none is worse than an error.
    threadOptions: ["env", "argv", "execArgv"],
    tellsMemory: true,
    spawnWorker: spawnWebWorker,
    listenHttp: async (options) => (await import("./bun_http.ts")).listenHttp(options),
    net: nodeNet,
  };
}
