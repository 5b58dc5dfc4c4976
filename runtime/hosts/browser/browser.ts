import type { ContextSlot, Host, Turns } from "../../port/host.ts";
import { OwnMessageChannel } from "../common/own_functions.ts";
import { fakes, keepAlive, now, setTimer } from "../common/timers.ts";
import { isWorkerd, openTimerTurns } from "./workerd.ts";

/** The host over a browser's loop, in a window or a worker. */
export function browserHost(): Host {
  return {
    name: "browser",
    now,
    openTurns: isWorkerd() ? openTimerTurns : openTurns,
    setTimer,
    fakes,
    ...pageCallbacks(),
    openContext,
    keepAlive,
    onSignal: () => () => {},
    raise: () => {},
    exit: (code) => {
      throw new Error(`A page cannot end its process: exit was called with ${code}`);
    },
    setExitCode: () => {},
    report: (text) => console.error(text),
    parallelism: () =>
      (globalThis as { navigator?: { hardwareConcurrency?: number } }).navigator?.hardwareConcurrency ?? 1,
  };
}

/**
 * Turns over a `MessageChannel`: `setTimeout` is clamped to 4 ms after five in a row. A browser may put any task
 * between two messages, but not every one does so under load, so that a slice ends with a timer. A timer without delay may come before others that have been due
 * for long: only what is posted by it comes after them. And turns that are no timers' callbacks do not count as nested timers.
 */
function openTurns(onTurn: (fresh: boolean) => void): Turns {
  const channel = new OwnMessageChannel();
  let requested = 0;
  let fresh = true;
  channel.port1.onmessage = ({ data: isAfterPoll }: MessageEvent<boolean>) => {
    requested--;
    const wasFresh = fresh || isAfterPoll;
    fresh = false;
    onTurn(wasFresh);
  };
  return {
    request() {
      if (requested++ === 0) fresh = true;
      channel.port2.postMessage(false);
    },
    requestAfterPoll() {
      requested++;
      setTimer(() => channel.port2.postMessage(true), 0);
    },
  };
}

/** `Host.requestFrame` and `Host.requestIdle`, where there is a page: workers have neither, and some browsers not the second. */
function pageCallbacks(): Pick<Host, "requestFrame" | "requestIdle"> {
  const page = globalThis as {
    requestAnimationFrame?: (callback: () => void) => number;
    cancelAnimationFrame?: (handle: number) => void;
    requestIdleCallback?: (callback: () => void) => number;
    cancelIdleCallback?: (handle: number) => void;
  };
  return {
    ...(page.requestAnimationFrame !== undefined && {
      requestFrame: (callback: () => void) => {
        const handle = page.requestAnimationFrame!(callback);
        return () => page.cancelAnimationFrame!(handle);
      },
    }),
    ...(page.requestIdleCallback !== undefined && {
      requestIdle: (callback: () => void) => {
        const handle = page.requestIdleCallback!(callback);
        return () => page.cancelIdleCallback!(handle);
      },
    }),
  };
}

/**
 * The current value without async context: it is there while `fn` runs, up to its first `await`. Functions get their
 * task as an argument for what comes after.
 */
function openContext(): ContextSlot {
  let current: unknown;
  function run<A, R>(value: unknown, fn: (argument: A) => R, argument: A): R {
    const outer = current;
    current = value;
    try {
      return fn(argument);
    } finally {
      current = outer;
    }
  }
  return {
    carries: false,
    run,
    get: () => current,
    capture: () => current,
    resume: run,
  };
}
