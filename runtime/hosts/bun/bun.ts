import type { Host } from "../../port/host.ts";
import { asyncContext } from "../common/async_context.ts";
import { exit, onSignal, parallelism, raise, report, setExitCode } from "../common/node_process.ts";
import { keepAlive } from "../common/timers.ts";
import { immediateTurns } from "../common/turns.ts";
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
  };
}
