/** The worker module of a program that is to be bundled. */

import { currentJob, transfer, workerData } from "../../../../../worker.ts";

const rate = workerData<{ rate: number }>().rate;

export function convert(amount: number): number {
  return amount * rate;
}

export function zeros(bytes: number): Uint8Array {
  const array = new Uint8Array(bytes);
  return transfer(array, [array.buffer]);
}

export function spin(flags: Int32Array): number {
  const job = currentJob();
  Atomics.store(flags, 0, 1);
  while (!job.cancelled) Math.random();
  return Atomics.add(flags, 1, 1);
}

export function* squares(count: number): Generator<number> {
  for (let n = 0; n < count; n++) yield n * n;
}

export function failsHere(): never {
  throw new RangeError("in the bundle");
}
