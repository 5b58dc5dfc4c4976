import type { ContextSlot, Host } from "../../port/host.ts";
import { asyncContext } from "../common/async_context.ts";
import { builtin, exit, onSignal, parallelism, raise, report, setExitCode } from "../common/node_process.ts";
import { fakes, keepAlive, now, setTimer } from "../common/timers.ts";
import { immediateTurns } from "../common/turns.ts";

/** The host over Node's loop (20 and later). */
export function nodeHost(): Host {
  return {
    name: "node",
    now,
    openTurns: immediateTurns,
    setTimer,
    fakes,
    openContext,
    keepAlive,
    onSignal,
    raise,
    exit,
    setExitCode,
    report,
    parallelism,
    asyncStacks: true,
  };
}

/** What async context goes through timers tells Node by the resource that runs: a promise, or nothing, after an `await`. */
function openContext(): ContextSlot {
  const { executionAsyncResource } = builtin<{ executionAsyncResource(): object }>("node:async_hooks");
  return asyncContext(() => "_onTimeout" in executionAsyncResource());
}
