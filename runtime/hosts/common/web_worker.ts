import type { HostWorker, HostWorkerOptions, WorkerExit } from "../../port/worker.ts";
import { lifeLockHeld, listensNow, locks } from "./thread_words.ts";
import { setTimer } from "./timers.ts";

/** A web `Worker`, with what some hosts add. */
export interface WebWorker extends EventTarget {
  postMessage(message: unknown, transfer: Transferable[]): void;
  terminate(): void;
  ref?(): void;
  unref?(): void;
}

/** How long, in ms, a message is waited for that a dead thread is known to have posted; it may have died just before. */
const longestWay = 100;

/** `HostThreads.spawn` over web workers: Deno, Bun and browsers. */
export function spawnWebWorker(entry: URL, options: HostWorkerOptions): HostWorker {
  const Worker = (globalThis as unknown as { Worker: new (entry: URL, options: object) => WebWorker }).Worker;
  const { permissions, ...thread } = options.thread ?? {};
  // Without a prototype: whatever has been put into Object.prototype is no option of a thread.
  const settings: object = Object.assign(Object.create(null), { type: "module", name: options.name }, thread);
  if (permissions !== undefined) Object.assign(settings, { deno: { permissions } });
  return overWebWorker(new Worker(entry, settings), options, true);
}

/** A worker over a web worker; one that does not listen yet announces itself, and gets then what was posted before. */
export function overWebWorker(worker: WebWorker, options: HostWorkerOptions, listens: boolean): HostWorker {
  const life = `millrace-worker-${crypto.randomUUID()}`;
  let early: [message: unknown, transfer: Transferable[]][] | undefined = listens ? undefined : [];
  let ended = false;
  let error: unknown;
  let lockHeld = false;
  let dying = false;
  let terminated = false;
  let received = 0;
  let holds = false;
  let watch: AbortController | undefined;
  let unwatching: ReturnType<typeof setTimer> | undefined;

  /**
   * Notices the death of the thread. Deno tells of none that the thread did not announce: not of exit, nor of close. A
   * lock that the thread holds while it lives does; but waiting for it holds the process, so that an idle worker is
   * not watched.
   */
  function watchLife(watching: boolean): void {
    unwatching?.cancel();
    unwatching = undefined;
    if (!lockHeld || ended) return;
    if (watching) {
      if (watch !== undefined) return;
      watch = new AbortController();
      locks()?.request(
        life,
        { signal: watch.signal },
        () => terminated ? end({ code: undefined, error }) : endWhenQuiet(),
      ).catch(() => {});
    } else if (watch !== undefined) {
      unwatching = setTimer(() => {
        watch?.abort();
        watch = undefined;
      }, 20);
      unwatching.unref();
    }
  }
  function end(exit: WorkerExit): void {
    if (ended) return;
    watchLife(false);
    ended = true;
    holding(worker, false);
    options.onExit(exit);
  }
  /**
   * Ends the worker once no more messages come. On Deno the news of a death overtakes the messages that were posted before it:
   * the results of calls that had ended would be lost.
   */
  function endWhenQuiet(): void {
    if (dying || terminated || ended) return;
    dying = true;
    let seen = -1;
    let looks = longestWay;
    const look = (): void => {
      if (received === seen && (--looks < 0 || !options.awaitsMessage?.())) return terminate();
      seen = received;
      setTimer(look, 1);
    };
    look();
  }
  worker.addEventListener("message", (event) => {
    const { data } = event as MessageEvent;
    received++;
    if (data === listensNow) return flush();
    if (data !== lifeLockHeld) return void (ended || options.onMessage(data));
    lockHeld = true;
    watchLife(holds);
  });
  function post(message: unknown, transfer: Transferable[]): void {
    if (early === undefined) worker.postMessage(message, transfer);
    else early.push([message, transfer]);
  }
  function flush(): void {
    const messages = early ?? [];
    early = undefined;
    for (const [message, transfer] of messages) worker.postMessage(message, transfer);
  }
  function terminate(): void {
    worker.terminate();
    // Bun announces the end itself; elsewhere a terminated worker is silent at once.
    if ("ref" in worker) return;
    // A browser stops every thread, though Chromium lets one that spins go on for two seconds. Told within the call, its
    // end would overtake what the caller does next: a pool kept the place of such a worker for ever.
    if (!lockHeld || dying || !("Deno" in globalThis)) return void setTimer(() => end({ code: undefined, error }), 0);
    // Deno does not stop a thread that spins: that one keeps its lock.
    terminated = true;
    watchLife(true);
  }
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    const { error: thrown, message } = event as ErrorEvent;
    error ??= thrown ?? new Error(message || "The worker failed");
    // On Deno and in browsers nothing else follows; in browsers the thread may still live, but is of no use.
    if ("ref" in worker) terminate();
    else endWhenQuiet();
  });
  worker.addEventListener("messageerror", () => {
    // The call whose reply it was would wait for ever.
    error ??= new Error("A message of the worker could not be read");
    terminate();
  });
  worker.addEventListener("close", (event) => end({ code: (event as CloseEvent).code, error }));
  post({ life }, []);
  holding(worker, false);
  return {
    // Bun copies a small array as fast as a string.
    prefersText: !("Bun" in globalThis),
    post,
    hold(wanted) {
      holds = wanted;
      holding(worker, wanted);
      watchLife(wanted);
    },
    terminate,
  };
}

/**
 * Lets a worker hold the process or not. Deno has no public way (a method under a symbol of its own counts holders);
 * in a browser there is no process to hold.
 */
function holding(worker: WebWorker, holds: boolean): void {
  if (worker.ref !== undefined) return void (holds ? worker.ref() : worker.unref!());
  const prototype = Object.getPrototypeOf(worker) as Record<symbol, unknown>;
  const symbol = Object.getOwnPropertySymbols(prototype).find((symbol) =>
    symbol.description === undefined || symbol.description === ""
  );
  if (symbol === undefined || typeof prototype[symbol] !== "function") return;
  if ((holders.get(worker) ?? true) === holds) return;
  holders.set(worker, holds);
  (worker as unknown as Record<symbol, (holds: boolean) => void>)[symbol]!(holds);
}

/** Whether a worker holds the process, because Deno counts instead of remembering. */
const holders = new WeakMap<WebWorker, boolean>();
