/** Functions for the workers of simulations. */

import { sleep } from "../../../mod.ts";
import { currentJob, workerData } from "../../../worker.ts";

export function double(value: number): number {
  return value * 2;
}

export async function slow(ms: number): Promise<string> {
  await sleep(ms);
  return currentJob().name;
}

export async function after(ms: number): Promise<number> {
  await sleep(ms);
  return ms;
}

export async function raw(ms: number): Promise<number> {
  await new Promise<void>((resolve) => setTimeout(resolve, ms));
  return Date.now();
}

export function fail(text: string): never {
  throw new RangeError(text);
}

export function data(): unknown {
  return workerData();
}

export function size(buffer: ArrayBuffer): number {
  return buffer.byteLength;
}

export async function untilCancelled(): Promise<void> {
  const { signal } = currentJob();
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
}

export async function dies(): Promise<void> {
  setTimeout(() => {
    throw new RangeError("nobody catches this");
  }, 5);
  await new Promise(() => {});
}

export async function* countTo(count: number): AsyncGenerator<number> {
  for (let value = 1; value <= count; value++) {
    await sleep(1);
    yield value;
  }
}
