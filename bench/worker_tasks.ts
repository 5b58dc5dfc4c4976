/** The worker module of the benches. */

import { currentJob, transfer } from "../worker.ts";

export function increment(value: number): number {
  return value + 1;
}

/** Turns round so often. */
export function work(rounds: number): number {
  let value = 1;
  for (let round = 0; round < rounds; round++) value = (value * 1103515245 + 12345) & 0x7fffffff;
  return value;
}

export function giveBack(buffer: ArrayBuffer): ArrayBuffer {
  return transfer(buffer, [buffer]);
}

export function spinUntilCancelled(flags: Int32Array): void {
  const job = currentJob();
  Atomics.store(flags, 0, 1);
  while (!job.cancelled);
}

export function spinForever(flags: Int32Array): void {
  Atomics.store(flags, 0, 1);
  for (;;) Math.random();
}
