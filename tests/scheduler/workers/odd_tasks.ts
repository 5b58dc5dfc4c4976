/** A worker module of the less usual kind: it waits at its top level, and exports more than plain functions. */

import { currentJob, transfer } from "../../../worker.ts";
import { exit } from "./tasks.ts";

await new Promise((resolve) => setTimeout(resolve, 20));
const loaded = await Promise.resolve("loaded");

export function topLevel(): string {
  return loaded;
}

export class Own {
  value = 1;
  method(): number {
    return this.value;
  }
}

export const arrow = (n: number): number => n + 1;

export async function* countsLater(limit: number): AsyncGenerator<number> {
  for (let n = 0; n < limit; n++) {
    await Promise.resolve();
    yield n;
  }
}

export function iterableObject(): Iterable<number> {
  return {
    *[Symbol.iterator]() {
      yield* [1, 2];
    },
  };
}

export async function iterableLater(): Promise<number[]> {
  await Promise.resolve();
  return [3, 4];
}

export function instance(): { value: number } {
  return new Own();
}

export function withGetter(kind: "value" | "throws" | "function the second time"): unknown {
  let reads = 0;
  return {
    get field(): unknown {
      reads++;
      if (kind === "throws") throw new RangeError("the getter's own");
      return kind === "value" || reads === 1 ? "read" : () => reads;
    },
  };
}

export function echo(...values: unknown[]): unknown {
  return values.length === 1 ? values[0] : values;
}

export function thenable(): unknown {
  return { then: (resolve: (value: string) => void) => resolve("of the thenable") };
}

export function badThenable(): unknown {
  return {
    get then(): never {
      throw new RangeError("the getter of then");
    },
  };
}

export function returnsError(kind: "error" | "dom" | "nested"): unknown {
  const error = Object.assign(new RangeError("as a result", { cause: new TypeError("inner") }), { code: "E_RESULT" });
  if (kind === "dom") return new DOMException("as a result", "AbortError");
  return kind === "error" ? error : { list: [error] };
}

export function characters(text: string): number {
  return text.length;
}

export function manyCharacters(count: number): string {
  return "x".repeat(count);
}

/** What listens to the abort of the call: throws, rejects, or does what it should. */
export async function listens(kind: "throws" | "rejects" | "resolves", flags: Int32Array): Promise<string> {
  const { signal } = currentJob();
  const ended = new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => {
      if (kind === "throws") throw new Error("the listener threw");
      if (kind === "rejects") void Promise.reject(new Error("the listener rejected"));
      else resolve();
    });
  });
  Atomics.store(flags, 0, 1);
  await ended;
  return "ended";
}

let thread = 0;

export function threadNumber(flags: Int32Array): number {
  return thread ||= Atomics.add(flags, 1, 1) + 1;
}

export function spin(flags: Int32Array): never {
  Atomics.store(flags, 0, 1);
  for (;;) Math.random();
}

export async function asks(fn: (n: number) => Promise<number>, flags: Int32Array): Promise<number> {
  Atomics.store(flags, 0, 1);
  for (let n = 0;; n++) await fn(n);
}

/** Yields, then ends its own thread. */
export async function* exitsAfter(count: number): AsyncGenerator<number> {
  for (let n = 0; n < count; n++) yield n;
  await exit(4);
}

/** Large values, and a note in `flags` when its `finally` runs. */
export function* chunks(bytes: number, flags: Int32Array): Generator<Uint8Array> {
  try {
    for (;;) yield new Uint8Array(bytes);
  } finally {
    Atomics.store(flags, 0, 1);
  }
}

export function sizes(...views: { byteLength: number }[]): number[] {
  return views.map(({ byteLength }) => byteLength);
}

export function givesSmallBuffer(buffer: boolean): Uint8Array {
  const { Buffer } = globalThis as unknown as { Buffer?: { from(text: string): Uint8Array } };
  const small = buffer && Buffer !== undefined ? Buffer.from("small") : new Uint8Array(5);
  return transfer(small, [small.buffer as ArrayBuffer]);
}

/** Answers what comes through the port with its double. */
export async function doubles(port: MessagePort): Promise<number> {
  let count = 0;
  await new Promise<void>((resolve) => {
    port.onmessage = ({ data }) => {
      if (data === "end") return resolve();
      count++;
      port.postMessage(data * 2);
    };
    port.start();
  });
  port.close();
  return count;
}

export async function readAll(stream: ReadableStream<number>): Promise<number> {
  let sum = 0;
  const reader = stream.getReader();
  for (let step = await reader.read(); !step.done; step = await reader.read()) sum += step.value;
  return sum;
}

export function says(lines: number): void {
  for (let n = 0; n < lines; n++) console.log(`line ${n} of the worker`);
}

export function waits(signal: AbortSignal, flags: Int32Array): Promise<string> {
  const nameOf = (): string => (signal.reason as Error).name;
  if (signal.aborted) return Promise.resolve(nameOf());
  Atomics.store(flags, 0, 1);
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(nameOf())));
}

/** Counts in `flags` every few milliseconds, long after the call. */
export function ticks(flags: Int32Array): void {
  const timer = setInterval(() => {
    if (Atomics.add(flags, 0, 1) > 10) clearInterval(timer);
  }, 2);
}
