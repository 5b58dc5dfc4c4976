/** Programs that block the loop, watched: the argument says which one. */

import process from "node:process";
import { group, LoopMonitor, sleep } from "../../../mod.ts";

const monitor = new LoopMonitor({ resolution: 10, watchdog: 100 });

function greedySpin(): void {
  const end = performance.now() + 2500;
  while (performance.now() < end);
}

/** The starvation example: each microtask queues the next one, and the loop never gets on. */
function endlessMicrotasks(): void {
  const end = performance.now() + 60_000;
  (function again(): void {
    // An end, for the case that nobody kills it.
    if (performance.now() < end) queueMicrotask(again);
  })();
}

const programs: Record<string, () => Promise<unknown>> = {
  spin: () => group((g) => void g.spawn(greedySpin)),
  outside: () => new Promise<void>((resolve) => setTimeout(() => (greedySpin(), resolve()), 1)),
  microtasks: () => group((g) => void g.spawn(endlessMicrotasks)),
};

// The thread starts while the loop is free.
await sleep(500);
await programs[process.argv[2]!]!();
await sleep(300);
monitor.close();
console.log("ended");
