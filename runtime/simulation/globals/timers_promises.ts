/**
 * `node:timers/promises`, on the loop of a simulation.
 *
 * @module
 */

import type { World } from "../loop/world.ts";
import { delayOf } from "./timer_delay.ts";

interface Options {
  signal?: AbortSignal;
  ref?: boolean;
}

/** What the functions of Node reject with when their signal is aborted. */
function aborted(signal: AbortSignal): Error {
  const error = new Error("The operation was aborted", { cause: signal.reason });
  return Object.assign(error, { name: "AbortError", code: "ABORT_ERR" });
}

/** The functions, by their names in the module. */
export function timersPromisesOf(world: World): { scheduler: object; [name: string]: unknown } {
  /** Waits until `start` calls back, or for the signal; `start` answers with what takes the wait back. */
  function wait<T>(value: T, options: Options | undefined, start: (done: () => void) => () => void): Promise<T> {
    const signal = options?.signal;
    if (signal?.aborted) return Promise.reject(aborted(signal));
    return new Promise((resolve, reject) => {
      const stop = start(() => {
        signal?.removeEventListener("abort", onAbort);
        resolve(value);
      });
      function onAbort(): void {
        stop();
        reject(aborted(signal!));
      }
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  function setTimeout<T>(ms?: number, value?: T, options?: Options): Promise<T | undefined> {
    const { loop } = world;
    return wait(value, options, (done) => {
      const delay = delayOf(world, ms);
      const timer = loop.setTimer(done, delay, `setTimeout(${delay})`);
      if (options?.ref === false) loop.timers.reference(timer, { referenced: false, wakes: true });
      return () => loop.clearTimer(timer);
    });
  }

  function setImmediate<T>(value?: T, options?: Options): Promise<T | undefined> {
    const { loop } = world;
    return wait(value, options, (done) => {
      const immediate = loop.setImmediate(done);
      return () => loop.immediates.clear(immediate);
    });
  }

  async function* setInterval<T>(ms?: number, value?: T, options?: Options): AsyncGenerator<T | undefined> {
    const { loop } = world;
    const delay = delayOf(world, ms);
    let due = 0;
    let wake: (() => void) | undefined;
    const timer = loop.setTimer(
      () => {
        due++;
        wake?.();
      },
      delay,
      `setInterval(${delay})`,
      { repeat: true },
    );
    if (options?.ref === false) loop.timers.reference(timer, { referenced: false, wakes: true });
    try {
      for (;;) {
        if (due === 0) await wait(undefined, options, (done) => (wake = done, () => wake = undefined));
        due--;
        yield value;
      }
    } finally {
      loop.clearTimer(timer);
    }
  }

  const scheduler = {
    wait: (ms: number, options?: Options): Promise<void> => setTimeout<void>(ms, undefined, options),
    yield: (): Promise<void> => setImmediate<void>(),
  };
  return { setTimeout, setImmediate, setInterval, scheduler };
}
