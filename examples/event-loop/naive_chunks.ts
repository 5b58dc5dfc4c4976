// Chunks of a fixed size pause as often as somebody once guessed: every 10 items by `setTimeout`, every 100 by `setImmediate`. That
// is too often for cheap items and too seldom for dear ones. `forEachChunked` measures what an item costs. Every host prints the same.

import { forEachChunked, LoopMonitor } from "../../mod.ts";

/** Calls `work` for each item, and lets the loop get on after every tenth. */
async function byTimeout(items: number, work: () => void): Promise<number> {
  let pauses = 0;
  for (let n = 1; n <= items; n++) {
    work();
    if (n % 10 > 0 || n === items) continue;
    pauses++;
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return pauses;
}

/** Calls `work` for each item, and lets the loop get on after every hundredth. */
async function byImmediate(items: number, work: () => void): Promise<number> {
  let pauses = 0;
  for (let n = 1; n <= items; n++) {
    work();
    if (n % 100 > 0 || n === items) continue;
    pauses++;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return pauses;
}

/** Calls `work` for each item, and after each looks at the clock whether it is time for others: right, but a look costs more than an item. */
async function byClock(items: number, work: () => void): Promise<void> {
  let end = performance.now() + 5;
  for (let n = 1; n <= items; n++) {
    work();
    if (performance.now() < end) continue;
    await new Promise((resolve) => setImmediate(resolve));
    end = performance.now() + 5;
  }
}

/** How often the clock is looked at meanwhile. */
async function looksAtClock(run: () => Promise<unknown>): Promise<number> {
  const now = performance.now.bind(performance);
  let looks = 0;
  performance.now = () => (looks++, now());
  await run();
  performance.now = now;
  return looks;
}

/** `forEachChunked`, with the number of turns of the loop that it took beyond the first. */
async function bySlices(items: number, work: () => void): Promise<number> {
  const monitor = new LoopMonitor();
  await forEachChunked(items, work);
  const { turns } = monitor.snapshot();
  monitor.close();
  return turns - 1;
}

function cheap(): void {}

function dear(): void {
  const end = performance.now() + 2;
  while (performance.now() < end);
}

console.log("2,000 items that cost nothing:");
console.log(`  setTimeout every 10: ${await byTimeout(2000, cheap)} pauses`);
console.log(`  setImmediate every 100: ${await byImmediate(2000, cheap)} pauses`);
const few = await bySlices(2000, cheap);
console.log(`  forEachChunked: ${few <= 10 ? "hardly any" : few}`);

const byEach = await looksAtClock(() => byClock(2000, cheap));
const byStride = await looksAtClock(() => forEachChunked(2000, cheap));
console.log(`  the clock after each: ${byEach >= 2000 ? "a look for each item" : byEach}`);
console.log(`  forEachChunked: ${byStride < 1000 ? "a look now and then" : byStride}`);

console.log("50 items of 2 ms:");
console.log(`  setTimeout every 10: ${await byTimeout(50, dear)} pauses`);
console.log(`  setImmediate every 100: ${await byImmediate(50, dear)} pauses, nothing else runs for 100 ms`);
const many = await bySlices(50, dear);
console.log(`  forEachChunked: ${many >= 10 ? "one every few items" : many}`);
