/**
 * Waiting between two tries.
 *
 * @module
 */

import { loop } from "../../../scheduler/queue/loop.ts";

/** For how many ms an end waits for what is on its way. */
export const closeTime = 5000;

/** A moment later; with `hold` false the process may end before. */
export function pause(ms: number, hold = true): Promise<void> {
  return new Promise((resolve) => void loop().timers.setTimer(resolve, ms, { hold, real: true }));
}

/** Calls again and again; the function it returns ends that. */
export function every(ms: number, fn: () => void): () => void {
  let isOver = false;
  let timer = loop().timers.setTimer(beat, ms, { hold: false, real: true });
  function beat(): void {
    fn();
    if (!isOver) timer = loop().timers.setTimer(beat, ms, { hold: false, real: true });
  }
  return () => {
    isOver = true;
    timer.cancel();
  };
}

/** Waits for something, but no longer than so many ms, and whatever it comes to. */
export function bounded(promise: Promise<unknown>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = loop().timers.setTimer(resolve, ms, { real: true });
    const done = (): void => {
      timer.cancel();
      resolve();
    };
    promise.then(done, done);
  });
}
