import type { Host } from "../host.ts";
import { spawnThread } from "./node_worker.ts";
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

/** The host over Node's loop (20 and later). */
export function nodeHost(): Host {
  return {
    name: "node",
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
    asyncStacks: true,
    workerLimits: true,
    spawnWorker: spawnThread,
    listenHttp: async (options) => (await import("./node_http.ts")).listenHttp(options),
  };
}
