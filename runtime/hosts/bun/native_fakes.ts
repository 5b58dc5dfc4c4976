/**
 * Bun's clock and timers where `jest.useFakeTimers()` or `vi.useFakeTimers()` of `bun:test` fakes them: inside the host's own functions,
 * `performance.now`, `process.hrtime`, `Bun.nanoseconds` and `Bun.sleep` included, so that there is nothing behind them to go back to.
 * While they do, `setTimeout.clock` is `true`. Immediates, messages and `Atomics.waitAsync` go on.
 *
 * @module
 */

import type { HostTimer, TimeSource } from "../../port/host.ts";
import { ownFunctions } from "../common/own_functions.ts";
import * as common from "../common/timers.ts";

/** Since when the clock is faked, by the host's clock and by the time of the processor, in us. */
let since: { readonly now: number; readonly processor: number } | undefined;
let last = -Infinity;

function isFaked(): boolean {
  return (ownFunctions().setTimeout as { clock?: unknown }).clock === true;
}

/**
 * `Host.now`. While the clock is faked no other one is left but that of the processor, which goes on while code runs: with one that
 * stands still no slice would ever end, and no I/O come.
 */
export function now(): number {
  if (!isFaked()) {
    since = undefined;
    return last = Math.max(last, common.now());
  }
  const { user, system } = (globalThis as unknown as { process: { cpuUsage(): { user: number; system: number } } })
    .process.cpuUsage();
  since ??= { now: Math.max(last, 0), processor: user + system };
  return last = Math.max(last, since.now + (user + system - since.processor) / 1000);
}

/** `Host.setTimer`. */
export function setTimer(callback: () => void, delay: number): HostTimer {
  return isFaked() ? new WaitTimer(callback, delay) : common.setTimer(callback, delay);
}

/** A timer over `Atomics.waitAsync`; it does not hold the process, which the test runner does. */
class WaitTimer implements HostTimer {
  readonly #cell = new Int32Array(new SharedArrayBuffer(4));
  #isCancelled = false;

  constructor(callback: () => void, delay: number) {
    // With 0 it answers at once, instead of later.
    const { value } = Atomics.waitAsync(this.#cell, 0, 0, Math.max(1, delay));
    void Promise.resolve(value).then(() => this.#isCancelled || callback());
  }

  ref(): void {}

  unref(): void {}

  cancel(): void {
    this.#isCancelled = true;
    Atomics.notify(this.#cell, 0);
  }
}

/** The fakes in place: others each time, because their clock begins anew and what they had pending is gone. */
let faked: TimeSource | undefined;

/** `Host.fakes`. */
export function fakes(): TimeSource | undefined {
  if (isFaked()) return faked ??= { now: common.now, setTimer: common.setTimer };
  faked = undefined;
  return common.fakes();
}
