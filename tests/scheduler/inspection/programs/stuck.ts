/**
 * Programs that block the loop, watched: the argument says which one. Those that do not block it for ever do it again and again, until
 * they are told to end by a signal: the watchdog's thread starts when the machine lets it.
 */

import process from "node:process";
import { group, LoopMonitor, sleep } from "../../../../mod.ts";

const monitor = new LoopMonitor({
  watchdog: 50,
  onLongTurn: ({ who, duration }) => console.log(`long turn of ${duration.toFixed(0)} ms: ${who}`),
});

function greedySpin(): void {
  const end = performance.now() + 200;
  while (performance.now() < end);
}

/** The starvation example: each microtask queues the next one, and the loop never gets on. */
function endlessMicrotasks(): void {
  queueMicrotask(endlessMicrotasks);
}

/** The same in the clothes of a polite loop. */
async function endlessAwaits(): Promise<void> {
  while (true) await Promise.resolve();
}

function endlessTicks(): void {
  process.nextTick(endlessTicks);
}

/** The run queue does not know what goes on here after the wait. */
async function endlessAfterTimer(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 20));
  await endlessAwaits();
}

const inGroup = (task: () => unknown) => (): Promise<void> =>
  group((g) => void g.spawn(task as () => void), { name: "program" });

const programs: Record<string, () => Promise<void>> = {
  spin: inGroup(greedySpin),
  outside: () => new Promise((resolve) => setTimeout(() => (greedySpin(), resolve()), 1)),
  microtasks: inGroup(endlessMicrotasks),
  awaits: inGroup(endlessAwaits),
  ticks: inGroup(endlessTicks),
  resumed: inGroup(endlessAfterTimer),
};

let isOver = false;
process.on("SIGTERM", () => isOver = true);
while (!isOver) {
  await programs[process.argv[2]!]!();
  await sleep(100);
}
monitor.close();
process.removeAllListeners("SIGTERM");
console.log("ended");
