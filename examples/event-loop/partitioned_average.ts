// An average without blocking the loop: the recursion over `setImmediate` that Node's guide shows, which pays a turn of the loop
// for each addition, and `reduceChunked`, which pays for one every few milliseconds. Every host prints the same.

import { LoopMonitor, reduceChunked } from "../../mod.ts";

function partitionedAverage(count: number, callback: (average: number, turns: number) => void): void {
  let sum = 0;
  let turns = 0;
  function add(n: number): void {
    sum += n;
    if (n === count) return callback(sum / count, turns);
    turns++;
    setImmediate(add, n + 1);
  }
  add(1);
}

await new Promise<void>((resolve) => {
  partitionedAverage(10_000, (average, turns) => {
    console.log(`by hand, of 10,000 numbers: ${average}, in ${turns} more turns`);
    resolve();
  });
});

const monitor = new LoopMonitor();
const count = 1_000_000;
const sum = await reduceChunked(count, (sum, n) => sum + n + 1, 0);
const { turns } = monitor.snapshot();
monitor.close();
console.log(`reduceChunked, of 1,000,000: ${sum / count}, in ${turns < 1000 ? "far fewer" : turns}`);
