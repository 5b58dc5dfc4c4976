/**
 * The watchdog's own thread.
 *
 * @module
 */

import { parentOfThread } from "../hosts/common/parent.ts";
import { errorStream, lookAtMain } from "./look_at_main.ts";
import { askWhoRuns, type WatchdogStart } from "./watchdog_start.ts";

const nobody = "a callback of the host: code outside Millrace, or a task that waited for something else than Millrace";

const parent = parentOfThread();

parent.listen((message) => {
  if (typeof message === "object" && message !== null && "signs" in message) watch(message as WatchdogStart);
});

function watch({ signs, name, threshold }: WatchdogStart): void {
  let last = Atomics.load(signs, 0);
  let since = parent.now();
  let isTold = false;
  setInterval(() => {
    const count = Atomics.load(signs, 0);
    const now = parent.now();
    if (count !== last) {
      if (isTold) errorStream(`The loop goes on, after ${(now - since).toFixed(0)} ms\n`);
      last = count;
      since = now;
      isTold = false;
    } else if (!isTold && now - since >= threshold) {
      isTold = true;
      const who = String.fromCharCode(...name.subarray(0, signs[1]));
      errorStream(`The loop is stuck since ${(now - since).toFixed(0)} ms in ${who || nobody}\n`);
      const isOver = (): boolean => Atomics.load(signs, 0) !== count;
      void lookAtMain(`globalThis[Symbol.for(${JSON.stringify(askWhoRuns)})]?.()`, isOver).then((found) => {
        if (found === undefined) return;
        const { answer, stack } = found;
        errorStream((who === "" && answer !== undefined ? `It is in ${answer}\n` : "") + stack);
      });
    }
  }, Math.max(5, threshold / 4));
}
