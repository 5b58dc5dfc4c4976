import type { Host } from "../../port/host.ts";
import { asyncContext } from "../common/async_context.ts";
import { exit, onSignal, parallelism, raise, report, setExitCode } from "../common/node_process.ts";
import { takeWorker } from "../common/given_worker.ts";
import { keepAlive } from "../common/timers.ts";
import { immediateTurns } from "../common/turns.ts";
import { spawnWebWorker } from "../common/web_worker.ts";
import { fakes, now, setTimer } from "./native_fakes.ts";

/** The host over Bun's loop. */
export function bunHost(): Host {
  return {
    name: "bun",
    now,
    openTurns: immediateTurns,
    setTimer,
    fakes,
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
    spawnWorker: (module, options) =>
      typeof module === "function" ? takeWorker(module, options) : spawnWebWorker(module, options),
  };
}
