/**
 * The host's clock and timers.
 *
 * @module
 */

import type { HostTimer } from "../../port/host.ts";

/** The longest delay a host's timer keeps; a longer one would fire after 1 ms. */
const longestDelay = 2 ** 31 - 1;

interface TimerHandle {
  ref?(): unknown;
  unref?(): unknown;
}

const global = globalThis as unknown as {
  setTimeout(callback: () => void, delay: number): TimerHandle;
  clearTimeout(handle: TimerHandle): void;
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
