/** The worker module of the guide: its functions are plain exports. */

import { currentJob, transfer, workerData } from "../../worker.ts";

export function fibonacci(n: number): number {
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

export function countPrimes(limit: number): number {
  const job = currentJob();
  let count = 0;
  for (let n = 2; n < limit; n++) {
    if (job.cancelled) return count;
    let divisor = 2;
    while (divisor * divisor <= n && n % divisor !== 0) divisor++;
    if (divisor * divisor > n) count++;
    if (n % 1000 === 0) job.progress(n / limit);
  }
  return count;
}

export function* squares(count: number): Generator<number> {
  for (let n = 0; n < count; n++) yield n * n;
}

export function invert(pixels: Uint8Array): Uint8Array {
  for (let index = 0; index < pixels.length; index++) pixels[index] = 255 - pixels[index]!;
  return transfer(pixels, [pixels.buffer as ArrayBuffer]);
}

export async function total(price: (item: string) => Promise<number>, items: string[]): Promise<number> {
  let sum = 0;
  for (const item of items) sum += await price(item);
  return sum;
}

export function fails(): never {
  throw Object.assign(new RangeError("out of range"), { code: "E_RANGE" });
}

export function priceOf(amount: number): string {
  return `${amount} ${workerData<{ currency: string }>().currency}`;
}
