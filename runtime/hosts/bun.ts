import type { Host } from "../host.ts";
import {
  asyncContext,
  exit,
  immediateTurns,
  keepAlive,
  onSignal,
  parallelism,
  report,
  setExitCode,
  setTimer,
} from "./shared.ts";
import { spawnWebWorker } from "./web_worker.ts";

/** The host over Bun's loop. */
export function bunHost(): Host {
  const clock = performance;
  return {
    name: "bun",
    now: () => clock.now(),
    openTurns: immediateTurns,
    setTimer,
    openContext: asyncContext,
    keepAlive,
    onSignal,
    exit,
    setExitCode,
    report,
    parallelism,
    spawnWorker: spawnWebWorker,
    listenHttp: async (options) => (await import("./bun_http.ts")).listenHttp(options),
  };
}
