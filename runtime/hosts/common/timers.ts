/**
 * The host's clock and timers: its own, and those that a test has put in their place.
 *
 * @module
 */

import type { HostTimer, TimeSource } from "../../port/host.ts";
import { fakesOver, longestDelay, noFakes } from "./fakes.ts";
import { runtimeName } from "./runtime_name.ts";
import { isOwnTimeout, type OwnFunctions, ownFunctions, type TimerHandle } from "./own_functions.ts";

/**
 * Does the host start a timer anew that has fired, was cleared then, and is refreshed? Deno clears by a number, which it has forgotten by
 * then; who takes the timer for cleared would be surprised by it, and elsewhere who waits for it would wait for ever.
 */
export function startsClearedAnew(): boolean {
  return runtimeName() === "deno";
}

/** `Host.now` over `performance`. */
export function now(): number {
  return ownFunctions().now();
}

/** A timer over the host's `setTimeout`, in hops where the delay is longer than a host's timer can be. */
class Timer implements HostTimer {
  /** Those it was set with: the host's own may have been found only later. */
  readonly #functions: Pick<OwnFunctions, "setTimeout" | "clearTimeout"> = ownFunctions();
  #handle: TimerHandle;
  #referenced = true;

  constructor(callback: () => void, delay: number) {
    const { setTimeout } = this.#functions;
    this.#handle = delay <= longestDelay ? setTimeout(callback, delay) : this.#hop(callback, delay);
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
    const { clearTimeout } = this.#functions;
    clearTimeout(this.#handle);
  }

  #hop(callback: () => void, delay: number): TimerHandle {
    const { setTimeout } = this.#functions;
    return setTimeout(() => {
      const rest = delay - longestDelay;
      this.#handle = rest <= longestDelay ? setTimeout(callback, rest) : this.#hop(callback, rest);
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

/** What `fakes` answers while a simulation has its own functions in place. */
let kept: { readonly fakes: TimeSource | undefined } | undefined;

/** `Host.fakes` for functions that are replaced by others. */
export function fakes(): TimeSource | undefined {
  if (kept !== undefined) return kept.fakes;
  const { setTimeout } = globalThis;
  return isOwnTimeout(setTimeout) ? noFakes() : fakesOver(setTimeout as never);
}

/** Keeps the host on the fakes it has now, or on none, until the function it returns is called: a simulation puts its own in their place. */
export function keepFunctions(): () => void {
  kept = { fakes: fakes() };
  return () => void (kept = undefined);
}
