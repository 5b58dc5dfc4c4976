/** The functions that the guide serves to other machines: plain exports. */

import { sleep } from "../../mod.ts";
import { currentJob } from "../../worker.ts";

export function thumbnail(name: string, width: number): string {
  return `${name} at ${width} px`;
}

export async function* pages(count: number): AsyncGenerator<string> {
  for (let page = 1; page <= count; page++) {
    await sleep(1);
    yield `page ${page}`;
  }
}

/** What was paid, by the key of its call: in a real program a table whose primary key that is. */
export const payments: Map<string, number> = new Map();

/** Pays, also when it is run again. */
export async function pay(amount: number): Promise<string> {
  const { key } = currentJob();
  await sleep(1);
  // Add or leave alone, in one step: "insert ... on conflict do nothing".
  if (!payments.has(key!)) payments.set(key!, amount);
  await sleep(1);
  return `paid ${payments.get(key!)}`;
}

/** Pays, and once more when it is run again. */
export async function payCarelessly(amount: number): Promise<string> {
  await sleep(1);
  payments.set(`payment ${payments.size + 1}`, amount);
  await sleep(1);
  return `paid ${amount}`;
}

export class BusyError extends Error {
  override readonly name = "BusyError";
}

/** Finds another service busy until the attempt of a number. */
export function fetchRates(attempt: number): string {
  if (currentJob().attempt < attempt) throw new BusyError("the rates are being made");
  return `rates, at attempt ${currentJob().attempt}`;
}

export async function convert(frames: number): Promise<string> {
  const job = currentJob();
  for (let frame = 0; frame < frames; frame++) {
    if (job.cancelled) return "stopped";
    if (frame % 100 === 0) job.progress(frame / frames);
    await sleep(1);
  }
  return "converted";
}

export function count(bytes: Uint8Array): number {
  return bytes.length;
}
