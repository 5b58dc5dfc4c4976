/**
 * The watchdog's own thread.
 *
 * @module
 */

import { parentOfThread } from "./hosts/parent.ts";
import { errorStream, stackOfMain } from "./hosts/stuck.ts";
import type { WatchdogName, WatchdogStart } from "./watchdog.ts";

const names = new Map<number, string>([[
  0,
  "outside Millrace: code that no task, posted callback or chunked work runs",
]]);
const parent = parentOfThread();

parent.listen((message) => {
  if (typeof message !== "object" || message === null) return;
  if ("signs" in message) watch(message as WatchdogStart);
  else if ("code" in message) names.set((message as WatchdogName).code, (message as WatchdogName).label);
});

function watch({ signs, threshold }: WatchdogStart): void {
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
      void tell(now - since, Atomics.load(signs, 1));
    }
  }, Math.max(5, threshold / 4));
}

async function tell(duration: number, code: number): Promise<void> {
  const stack = await stackOfMain(3000);
  errorStream(`The loop is stuck since ${duration.toFixed(0)} ms in ${names.get(code) ?? "another one"}\n${stack}`);
}
