/** Functions that are served to other machines. */

import { QueueFullError, sleep } from "../../../mod.ts";
import { thisHost } from "../../support/this_host.ts";
import { currentJob, type Job } from "../../../worker.ts";

export function add(a: number, b: number): number {
  return a + b;
}

export function echo(value: unknown): unknown {
  return value;
}

export async function after(ms: number): Promise<number> {
  await sleep(ms);
  return ms;
}

export function fail(text: string): never {
  throw Object.assign(new RangeError(text), { code: "E_MINE" });
}

export async function failAfter(ms: number): Promise<never> {
  await sleep(ms);
  throw new RangeError("mine");
}

export function told(): Pick<Job, "key" | "attempt" | "name" | "task" | "traceparent"> {
  const { key, attempt, name, task, traceparent } = currentJob();
  return { key, attempt, name, task, traceparent };
}

export function failsUntil(attempt: number): number {
  const job = currentJob();
  if (job.attempt < attempt) throw new RangeError(`attempt ${job.attempt}`);
  return job.attempt;
}

export async function untilCancelled(): Promise<void> {
  const job = currentJob();
  job.progress("runs");
  await new Promise((resolve) => job.signal.addEventListener("abort", resolve));
}

export async function progress(count: number): Promise<string> {
  for (let value = 0; value < count; value++) {
    currentJob().progress(value);
    await sleep(1);
  }
  return "done";
}

export async function* countTo(count: number): AsyncGenerator<number> {
  for (let value = 1; value <= count; value++) {
    await sleep(1);
    yield value;
  }
}

export function large(bytes: number): Uint8Array {
  return new Uint8Array(bytes);
}

/** Never gives way to the loop of its thread. */
export function spin(ms: number): number {
  const end = performance.now() + ms;
  while (performance.now() < end);
  return currentJob().attempt;
}

export function spinUntilCancelled(): void {
  const job = currentJob();
  const end = performance.now() + 20_000;
  job.progress("spins");
  while (!job.cancelled && performance.now() < end);
}

export function exit(): Promise<never> {
  const { process, close } = globalThis as unknown as { process?: { exit(code: number): void }; close?(): void };
  if (process === undefined) close!();
  else process.exit(3);
  return new Promise(() => {});
}

/** Stays where it is begun first, and gives the number of the attempt that does not. */
export async function staysAtFirst(): Promise<number> {
  if (currentJob().attempt === 1) await untilCancelled();
  return currentJob().attempt;
}

/** Notes that it runs where a test wants to know, which only one in the same thread does, and gives its key. */
export async function note(ms: number): Promise<string> {
  const { key } = currentJob();
  const { notedRuns } = globalThis as { notedRuns?: string[] };
  notedRuns?.push(key!);
  await sleep(ms);
  return key!;
}

export function hostOf(): string {
  return thisHost();
}

export function failNested(): never {
  const errors = [new TypeError("below"), new DOMException("no data", "DataError")];
  throw new AggregateError(errors, "several", { cause: new QueueFullError("a pool", 7) });
}

/** Writes into a file how it ended. */
export async function writesHowItEnds(file: string): Promise<void> {
  // A bundle of this for a page could not have an import of it.
  const { process } = globalThis as unknown as {
    process: { getBuiltinModule(name: string): typeof import("node:fs") };
  };
  const { appendFileSync } = process.getBuiltinModule("node:fs");
  try {
    await untilCancelled();
  } finally {
    appendFileSync(file, `${currentJob().cancelled}\n`);
  }
}
