/** The functions that the tests run on workers. */

import { currentJob, transfer } from "../../../worker.ts";

export function add(a: number, b: number): number {
  return a + b;
}

export async function later<T>(value: T, ms: number): Promise<T> {
  await new Promise((resolve) => setTimeout(resolve, ms));
  return value;
}

export class OwnError extends Error {
  override readonly name = "OwnError";
  readonly code = "E_OWN";
  readonly extra: { deep: number[] } = { deep: [1, 2] };
}

export function fails(kind: "own" | "undefined" | "string" | "function" | "cause" | "aggregate" | "dom"): never {
  switch (kind) {
    case "own":
      throw new OwnError("of its own");
    case "undefined":
      throw undefined;
    case "string":
      throw "a string";
    case "function":
      throw function thrown() {};
    case "cause":
      throw new TypeError("outer", { cause: new RangeError("inner") });
    case "aggregate":
      throw new AggregateError([new Error("one"), new Error("two")], "several");
    case "dom":
      throw new DOMException("stopped", "AbortError");
  }
}

export function unclonable(): unknown {
  return { fn: () => 1 };
}

export function exit(code: number): void {
  (globalThis as unknown as { process: { exit(code: number): void } }).process.exit(code);
}

export function throwLater(): Promise<never> {
  setTimeout(() => {
    throw new Error("thrown in a timer");
  }, 0);
  return new Promise(() => {});
}

/** Runs until it is cancelled, telling through `flags` that it has started, and that it has seen the cancellation. */
export function spinUntilCancelled(flags: Int32Array): number {
  const { signal } = currentJob();
  Atomics.store(flags, 0, 1);
  Atomics.notify(flags, 0);
  let rounds = 0;
  while (!signal.aborted) rounds++;
  Atomics.store(flags, 1, 1);
  return rounds;
}

export function spinForever(flags: Int32Array): never {
  Atomics.store(flags, 0, 1);
  for (;;) Math.random();
}

export function count(flags: Int32Array): number {
  return Atomics.add(flags, 0, 1);
}

export function zeros(bytes: number): Uint8Array {
  const array = new Uint8Array(bytes);
  return transfer(array, [array.buffer]);
}

export function sizeOf(buffer: ArrayBuffer): number {
  return buffer.byteLength;
}

export function progressing(steps: number): string {
  for (let step = 1; step <= steps; step++) currentJob().progress(step);
  return "done";
}

export function* numbers(limit: number, flags?: Int32Array): Generator<number> {
  try {
    for (let n = 0; n < limit; n++) {
      if (flags !== undefined) Atomics.store(flags, 0, n);
      yield n;
    }
  } finally {
    if (flags !== undefined) Atomics.store(flags, 1, 1);
  }
}

export async function* failing(after: number): AsyncGenerator<number> {
  for (let n = 0; n < after; n++) yield n;
  throw new RangeError("no more");
}

export function waitsFor(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(signal.reason)));
}
