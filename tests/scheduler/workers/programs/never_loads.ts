/** A worker module that is not loaded as long as the number at the beginning of `workerData` is 0. */

import { workerData } from "../../../../worker.ts";

const flags = workerData<Int32Array>();
Atomics.add(flags, 1, 1);
while (Atomics.load(flags, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 2));

export function name(): string {
  return "loaded";
}
