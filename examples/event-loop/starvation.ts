// Endless microtasks or ticks never let the loop get on: no timer, no I/O, no signal. Here they end after 100,000 of them, or a
// timer could not be seen at all. A turn for each step, as `checkpoint` gives it, lets the timer in. Every host prints the same.

import process from "node:process";
import { checkpoint } from "../../mod.ts";

const most = 100_000;

/** Goes on by `step` until a timer of 1 ms has come, or for `most` steps. */
async function race(name: string, step: () => Promise<void>): Promise<void> {
  await step();
  let fired = false;
  const timer = setTimeout(() => fired = true, 1);
  let steps = 0;
  while (!fired && steps < most) {
    steps++;
    await step();
  }
  clearTimeout(timer);
  console.log(`${name}: ${fired ? "the timer came" : `no timer in ${steps} steps`}`);
}

await race("microtasks", () => Promise.resolve());
await race("ticks", () => new Promise((resolve) => process.nextTick(resolve)));
await race("turns", () => checkpoint());
