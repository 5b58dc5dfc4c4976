import type { ContextSlot, Host, Turns } from "../host.ts";
import { asyncContext, exit, keepAlive, onSignal, parallelism, report, setExitCode, setTimer } from "./shared.ts";
import { spawnWebWorker } from "./web_worker.ts";

/** The host over Deno's loop (2.9 and later). */
export function denoHost(): Host {
  const clock = performance;
  return {
    name: "deno",
    now: () => clock.now(),
    openTurns,
    setTimer,
    openContext,
    keepAlive,
    onSignal,
    exit,
    setExitCode,
    report,
    parallelism,
    spawnWorker: spawnWebWorker,
    listenHttp: async (options) => (await import("./deno_http.ts")).listenHttp(options),
  };
}

/**
 * After how many iterations with an immediate pending Deno polls I/O: its loop is one task of tokio's, which looks at
 * I/O once in so many polls of a task that wakes itself.
 */
const iterationsToPoll = 61;

/**
 * Turns over `setImmediate` for a loop that does not poll between two batches of immediates.
 *
 * A turn is fresh only where I/O is known to have been polled: after a hop of 61 empty immediates (0.3 ms; a timer of
 * 0 ms takes 1.1 ms), or when a timer set as the requests ran out has fired with none since, because then the loop had
 * nothing to do but to wait in its poll. Without the hop, I/O waits 61 slices: 308 ms instead of 5.
 */
function openTurns(onTurn: (fresh: boolean) => void): Turns {
  const setImmediate = (globalThis as unknown as { setImmediate(callback: () => void): unknown }).setImmediate;
  let requested = 0;
  let fresh = true;
  let hops = 0;
  /** Is the timer set that tells an idle loop from one that is still in the microtasks of its last turn? */
  let watching = false;

  function run(): void {
    requested--;
    if (requested === 0 && !watching) watchForIdle();
    const wasFresh = fresh;
    fresh = false;
    onTurn(wasFresh);
  }
  function hop(): void {
    if (--hops > 0) return void setImmediate(hop);
    fresh = true;
    run();
  }
  function watchForIdle(): void {
    watching = true;
    const timer = setTimer(() => {
      watching = false;
      if (requested === 0) fresh = true;
    }, 1);
    timer.unref();
  }
  return {
    request() {
      requested++;
      setImmediate(run);
    },
    requestAfterPoll() {
      requested++;
      hops = iterationsToPoll;
      setImmediate(hop);
    },
  };
}

interface DenoCore {
  getAsyncContext?(): unknown;
  setAsyncContext?(context: unknown): void;
}

/**
 * The context as on Node, but remembered without an `AsyncResource`: Deno registers each of those for finalisation, which makes a
 * task three times as dear. The two functions used instead are not public; where they are missing it is done as on Node.
 */
function openContext(): ContextSlot {
  const { Deno } = globalThis as unknown as { Deno: { internal: symbol } & Record<symbol, { core?: DenoCore }> };
  const { getAsyncContext, setAsyncContext } = Deno[Deno.internal]?.core ?? {};
  if (typeof getAsyncContext !== "function" || typeof setAsyncContext !== "function") return asyncContext();
  return {
    ...asyncContext(),
    capture: getAsyncContext,
    resume(captured, fn, argument) {
      const before = getAsyncContext();
      setAsyncContext(captured);
      try {
        return fn(argument);
      } finally {
        setAsyncContext(before);
      }
    },
  };
}
