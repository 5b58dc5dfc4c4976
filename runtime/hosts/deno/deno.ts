import type { ContextSlot, Host, Turns } from "../../port/host.ts";
import { asyncContext } from "../common/async_context.ts";
import { exit, onSignal, parallelism, raise, report, setExitCode } from "../common/node_process.ts";
import { ownFunctions } from "../common/own_functions.ts";
import { fakes, keepAlive, now, setTimer } from "../common/timers.ts";

/** The host over Deno's loop (2.9 and later). */
export function denoHost(): Host {
  return {
    name: "deno",
    now,
    openTurns,
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
  const setImmediate = ownFunctions().setImmediate!;
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
  getAsyncContext?(): AsyncContext;
  setAsyncContext?(context: AsyncContext): void;
}

/** What Deno's own `AsyncLocalStorage` is made of: the context is an object with an entry for each variable. */
type AsyncContext = Record<string, unknown> | undefined;

/** How many slots have been opened: each has a key of its own. */
let slots = 0;

/**
 * The context as on Node, but with an entry of our own in the object that Deno carries along: its `AsyncLocalStorage.run` takes
 * 1 to 2 us and an `AsyncResource` as much, which makes a task three times as dear. The two functions used for that are not
 * public; where they are missing, or do not do what is expected of them, it is done as on Node.
 */
function openContext(): ContextSlot {
  const { Deno } = globalThis as unknown as { Deno: { internal: symbol } & Record<symbol, { core?: DenoCore }> };
  const { getAsyncContext, setAsyncContext } = Deno[Deno.internal]?.core ?? {};
  const proper = asyncContext(isTimer);
  const key = `millrace ${++slots}`;
  if (typeof getAsyncContext !== "function" || typeof setAsyncContext !== "function") return proper;
  function within<A, R>(context: AsyncContext, fn: (argument: A) => R, argument: A): R {
    const before = getAsyncContext!();
    setAsyncContext!(context);
    try {
      return fn(argument);
    } finally {
      setAsyncContext!(before);
    }
  }
  const slot: ContextSlot = {
    carries: true,
    run: (value, fn, argument) => within({ ...getAsyncContext(), [key]: value }, fn, argument),
    get: () => getAsyncContext()?.[key],
    capture: getAsyncContext,
    resume: (captured, fn, argument) => within(captured as AsyncContext, fn, argument),
    endInTimer() {
      if (!isTimer()) return false;
      setAsyncContext({ ...getAsyncContext(), [key]: undefined });
      return true;
    },
  };
  return isProper(slot, proper) ? slot : proper;
}

/**
 * Is a callback of a timer on the stack? After an `await` it no longer is: then Deno's own function below is the one that drains
 * microtasks. Deno tells it by nothing else.
 */
function isTimer(): boolean {
  const { prepareStackTrace, stackTraceLimit } = Error;
  const found: { stack?: unknown } = {};
  try {
    Error.stackTraceLimit = Infinity;
    Error.prepareStackTrace = (_, sites): boolean => sites.some((site) => site.getFunctionName() === "listOnTimeout");
    Error.captureStackTrace(found);
    return found.stack === true;
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** Do the values of a slot and those of an `AsyncLocalStorage` come through together? */
function isProper(slot: ContextSlot, proper: ContextSlot): boolean {
  const look = (): boolean => slot.get() === 1 && proper.get() === 2;
  try {
    const captured = slot.run(1, () => proper.run(2, () => look() && slot.capture(), undefined), undefined);
    const inside = proper.run(2, () => slot.run(1, look, undefined), undefined);
    return inside && captured !== false && slot.resume(captured, look, undefined) && slot.get() === undefined;
  } catch {
    return false;
  }
}
