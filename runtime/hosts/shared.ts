/**
 * Pieces the hosts are built from. A difference between hosts is never in here, but in the host's own file.
 *
 * @module
 */

import type { ContextSlot, HostSignal, HostTimer, Turns } from "../host.ts";

/** The longest delay a host's timer keeps; a longer one would fire after 1 ms. */
const longestDelay = 2 ** 31 - 1;

interface TimerHandle {
  ref?(): unknown;
  unref?(): unknown;
}

const global = globalThis as unknown as {
  setTimeout(callback: () => void, delay: number): TimerHandle;
  clearTimeout(handle: TimerHandle): void;
  process: NodeProcess;
};

interface Functions {
  setTimeout(callback: () => void, delay: number): TimerHandle;
  clearTimeout(handle: TimerHandle): void;
  now(): number;
}

/** The host's functions as they are at the moment: who puts others in their place, as fake timers do, is followed. */
const current: Functions = {
  setTimeout: (callback, delay) => global.setTimeout(callback, delay),
  clearTimeout: (handle) => global.clearTimeout(handle),
  now: () => performance.now(),
};

let functions = current;

/** Keeps the host on the functions it has now, until the function it returns is called: a simulation puts its own in their place. */
export function keepFunctions(): () => void {
  const { setTimeout, clearTimeout } = global;
  functions = {
    setTimeout: setTimeout.bind(globalThis),
    clearTimeout: clearTimeout.bind(globalThis),
    now: performance.now.bind(performance),
  };
  return () => void (functions = current);
}

/** `Host.now` over `performance`. */
export function now(): number {
  return functions.now();
}

/** The part of Node's `process` the server hosts use; Deno and Bun have it too. */
export interface NodeProcess {
  exitCode?: number | string | null | undefined;
  exit(code: number): never;
  on(name: string, listener: () => void): unknown;
  off(name: string, listener: () => void): unknown;
  listenerCount(name: string): number;
  readonly pid: number;
  kill(pid: number, signal: string): unknown;
  stderr: { write(text: string): unknown };
  getBuiltinModule(name: string): unknown;
}

/** A builtin module of Node's, reached without an import that a browser would follow. */
export function builtin<T>(name: string): T {
  return global.process.getBuiltinModule(name) as T;
}

/** A timer over the host's `setTimeout`, in hops where the delay is longer than a host's timer can be. */
class Timer implements HostTimer {
  #handle: TimerHandle;
  #referenced = true;

  constructor(callback: () => void, delay: number) {
    this.#handle = delay <= longestDelay ? functions.setTimeout(callback, delay) : this.#hop(callback, delay);
  }

  ref(): void {
    this.#referenced = true;
    this.#handle.ref?.();
  }

  unref(): void {
    this.#referenced = false;
    this.#handle.unref?.();
  }

  cancel(): void {
    functions.clearTimeout(this.#handle);
  }

  #hop(callback: () => void, delay: number): TimerHandle {
    return functions.setTimeout(() => {
      const rest = delay - longestDelay;
      this.#handle = rest <= longestDelay ? functions.setTimeout(callback, rest) : this.#hop(callback, rest);
      if (!this.#referenced) this.#handle.unref?.();
    }, longestDelay);
  }
}

/** `Host.setTimer` over `setTimeout`. */
export function setTimer(callback: () => void, delay: number): HostTimer {
  return new Timer(callback, delay);
}

/** `Host.keepAlive` over a timer that never comes. */
export function keepAlive(): () => void {
  const timer = new Timer(() => {}, Infinity);
  return () => timer.cancel();
}

/**
 * Turns over `setImmediate` for loops that poll between two batches of immediates: an immediate asked for while a batch
 * runs belongs to the next batch, and timers and I/O come between the two.
 *
 * Which batch an immediate belongs to is known by which of two functions it calls: the first of a batch to run turns
 * new requests over to the other function.
 */
export function immediateTurns(onTurn: (fresh: boolean) => void): Turns {
  const setImmediate = (globalThis as unknown as { setImmediate(callback: () => void): unknown }).setImmediate;
  let even = true;
  function runEven(): void {
    const fresh = even;
    even = false;
    onTurn(fresh);
  }
  function runOdd(): void {
    const fresh = !even;
    even = true;
    onTurn(fresh);
  }
  function request(): void {
    setImmediate(even ? runEven : runOdd);
  }
  return { request, requestAfterPoll: request };
}

interface AsyncLocalStorage {
  enterWith(store: unknown): void;
  run<A, R>(store: unknown, fn: (argument: A) => R, argument: A): R;
  getStore(): unknown;
}

interface AsyncResource {
  runInAsyncScope<A, R>(fn: (argument: A) => R, self: undefined, argument: A): R;
}

interface AsyncHooks {
  AsyncLocalStorage: new () => AsyncLocalStorage;
  AsyncResource: new (type: string) => AsyncResource;
}

/**
 * `Host.openContext` over Node's `AsyncLocalStorage`, which Deno and Bun have too. An `AsyncResource` remembers the flow of control
 * for 0.03 us on Node; `AsyncLocalStorage.snapshot()`, made for it, takes 2 to 10.
 *
 * `isTimer` says whether its caller's caller is a timer's callback.
 */
export function asyncContext(isTimer?: () => boolean): ContextSlot {
  const { AsyncLocalStorage, AsyncResource } = builtin<AsyncHooks>("node:async_hooks");
  const storage = new AsyncLocalStorage();
  function endInTimer(): boolean {
    if (!isTimer!()) return false;
    storage.enterWith(undefined);
    return true;
  }
  return {
    carries: true,
    run: (value, fn, argument) => storage.run(value, fn, argument),
    get: () => storage.getStore(),
    capture: () => new AsyncResource("Millrace"),
    resume: (captured, fn, argument) => (captured as AsyncResource).runInAsyncScope(fn, undefined, argument),
    ...(isTimer !== undefined && { endInTimer }),
  };
}

/** `Host.onSignal` over Node's `process`. */
export function onSignal(signal: HostSignal, listener: (alone: boolean) => void): () => void {
  const { process } = global;
  const onEvent = (): void => listener(process.listenerCount(signal) === 1);
  process.on(signal, onEvent);
  return () => void process.off(signal, onEvent);
}

/** `Host.raise` over Node's `process`. */
export function raise(signal: HostSignal): void {
  global.process.kill(global.process.pid, signal);
}

/** `Host.exit` over Node's `process`. */
export function exit(code: number): never {
  return global.process.exit(code);
}

/** `Host.setExitCode` over Node's `process`. */
export function setExitCode(code: number): void {
  global.process.exitCode = code;
}

/** `Host.report` over Node's `process`. */
export function report(text: string): void {
  global.process.stderr.write(text.endsWith("\n") ? text : text + "\n");
}

/** `Host.parallelism` over Node's `os`. */
export function parallelism(): number {
  return builtin<{ availableParallelism(): number }>("node:os").availableParallelism();
}
