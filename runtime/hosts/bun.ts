import type { Host } from "../host.ts";
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
    spawnWorker: spawnWebWorker,
    listenHttp: async (options) => (await import("./bun_http.ts")).listenHttp(options),
  };
}
