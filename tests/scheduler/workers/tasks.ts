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

export type Failure =
  | "own"
  | "undefined"
  | "null"
  | "string"
  | "bigint"
  | "object"
  | "frozen"
  | "function"
  | "symbol"
  | "cause"
  | "cycle"
  | "aggregate"
  | "list"
  | "dom"
  | "unclonable property"
  | "throwing getter";

export function fails(kind: Failure): never {
  switch (kind) {
    case "null":
      throw null;
    case "bigint":
      throw 7n;
    case "object":
      throw { plain: [1, 2] };
    case "frozen":
      throw Object.freeze(new RangeError("frozen"));
    case "symbol":
      throw Symbol("thrown");
    case "cycle": {
      const error = new Error("cycle");
      error.cause = error;
      throw error;
    }
    case "list":
      throw Object.assign(new TypeError("invalid"), { errors: [{ field: "name" }] });
    case "unclonable property":
      throw Object.assign(new Error("kept"), { fn: () => 1, code: "E_KEPT", other: new RangeError("inner") });
    case "throwing getter":
      throw Object.defineProperty(new Error("kept"), "bad", {
        enumerable: true,
        get() {
          throw new Error("the getter");
        },
      });
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

export function unclonable(
  kind: "field" | "function" | "symbol" | "generator" | "promise in a map" | "detached",
): unknown {
  switch (kind) {
    case "field":
      return { list: [1, { fn: () => 1 }] };
    case "function":
      return () => 1;
    case "symbol":
      return Symbol("result");
    case "generator":
      return numbers(1);
    case "promise in a map":
      return new Map([["key", Promise.resolve(1)]]);
    case "detached": {
      const array = new Uint8Array(8);
      structuredClone(array.buffer, { transfer: [array.buffer] });
      return array;
    }
  }
}

export function badTransfer(kind: "duplicate" | "detached" | "shared"): unknown {
  const array = new Uint8Array(8);
  if (kind === "duplicate") return transfer(array, [array.buffer, array.buffer]);
  if (kind === "shared") return transfer(array, [new SharedArrayBuffer(8) as unknown as ArrayBuffer]);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return transfer(1, [array.buffer]);
}

export function transferWithoutList(): void {
  transfer(new Uint8Array(8), "none" as never);
}

/** Ends the thread; in a page that takes effect once what runs has yielded. */
export function exit(code: number): Promise<never> {
  const { process, close } = globalThis as unknown as { process?: { exit(code: number): void }; close?(): void };
  if (process === undefined) close!();
  else process.exit(code);
  return new Promise(() => {});
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

/** Keeps state between calls, and gives it away. */
const kept: number[] = [];

export function remember(value: number): number[] {
  kept.push(value);
  return kept;
}

export function append(list: number[], value: number): number[] {
  list.push(value);
  return list;
}

export function rejectsLater(): Promise<never> {
  void Promise.reject(new Error("nobody caught it"));
  return new Promise(() => {});
}

export function throwAfterResult(): string {
  setTimeout(() => {
    throw new Error("thrown after the result");
  }, 5);
  return "result";
}

export function eatMemory(): never {
  const all: unknown[] = [];
  for (;;) all.push(new Array(100_000).fill(all.length));
}

/** Waits, and marks in `flags` that it has begun, and that its signal was aborted. */
export async function waitUntilAborted(flags: Int32Array): Promise<string> {
  const { signal } = currentJob();
  Atomics.store(flags, 0, 1);
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  Atomics.store(flags, 1, 1);
  return String(signal.reason);
}

/** Pays no heed to its signal. */
export async function ignoresAbort(flags: Int32Array): Promise<never> {
  Atomics.store(flags, 0, 1);
  for (;;) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Holds its worker until the flag at `index` is set. */
export function holdUntil(flags: Int32Array, index: number): number {
  Atomics.add(flags, 0, 1);
  while (Atomics.load(flags, index) === 0) Atomics.wait(flags, index, 0, 5);
  return Atomics.load(flags, index);
}

/** Notes the order in which calls start: the number goes into the next free place after the first. */
export function note(flags: Int32Array, number: number): number {
  flags[Atomics.add(flags, 0, 1) + 1] = number;
  return number;
}

export function identity<T>(value: T): T {
  return value;
}

export function typeOfEach(...values: unknown[]): string[] {
  return values.map((value) => Object.prototype.toString.call(value));
}

export function foreignMessages(): string {
  const messages: unknown[] = [
    null,
    "text",
    { replies: [1, 0, "false result", 0], upTo: 99 },
    { ready: true },
    { broken: { kind: "value", value: "false" } },
  ];
  const scope = globalThis as unknown as {
    postMessage?(message: unknown): void;
    process?: { getBuiltinModule?(name: string): { parentPort: { postMessage(message: unknown): void } } };
  };
  for (const message of messages) {
    if (typeof scope.postMessage === "function") scope.postMessage(message);
    else scope.process!.getBuiltinModule!("node:worker_threads").parentPort.postMessage(message);
  }
  return "true result";
}

export function whoAmI(): { name: string; task: string } {
  const { name, task } = currentJob();
  return { name, task };
}

export async function callsBack(fn: (n: number) => Promise<number>, times: number): Promise<number> {
  let sum = 0;
  for (let n = 1; n <= times; n++) sum += await fn(n);
  return sum;
}

export function progressesUnclonable(): void {
  currentJob().progress(() => 1);
}

export function double(n: number): number {
  return n * 2;
}

export function oddFails(n: number): number {
  if (n % 2 === 1) throw new RangeError(`${n} is odd`);
  return n;
}

export async function doubleLater(n: number): Promise<number> {
  await Promise.resolve();
  return n * 2;
}

export function* buffers(count: number): Generator<Uint8Array> {
  for (let n = 0; n < count; n++) {
    const array = new Uint8Array(8).fill(n);
    yield transfer(array, [array.buffer]);
  }
}

export function* unclonableStream(): Generator<unknown> {
  yield 1;
  yield () => 2;
}

export const notAFunction = 1;

export default function unnamed(): string {
  return "default";
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

export function waitsFor(signal: AbortSignal, flags: Int32Array): Promise<unknown> {
  if (signal.aborted) return Promise.resolve("came aborted");
  Atomics.store(flags, 0, 1);
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(signal.reason)));
}

export function abortedReason(signal: AbortSignal): unknown {
  return signal.aborted ? signal.reason : "not aborted";
}

/** Yields a few, and then never again. */
export async function* thenStuck(count: number): AsyncGenerator<number> {
  for (let n = 0; n < count; n++) yield n;
  await new Promise(() => setInterval(() => {}, 1000));
}

export function* endless(): Generator<number> {
  for (let n = 0;; n++) yield n;
}

/** Gives nothing until it is aborted. */
export async function* stuck(flags: Int32Array): AsyncGenerator<number> {
  const { signal } = currentJob();
  try {
    Atomics.store(flags, 0, 1);
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    yield 0;
  } finally {
    Atomics.store(flags, 1, 1);
  }
}

/** Pays no heed to its end. */
export function* stubborn(flags: Int32Array): Generator<number> {
  yield 1;
  Atomics.store(flags, 0, 1);
  for (;;) Math.random();
}

export function holdFlags(flags: Int32Array): number {
  return holdUntil(flags, 1);
}

export function doze(n: number): Promise<number> {
  return later(n, 5);
}

/** The number of this thread among those that were started with the same flags. */
let thread = 0;

export function threadNumber(flags: Int32Array): number {
  return thread ||= Atomics.add(flags, 0, 1) + 1;
}

export function close(): Promise<never> {
  const scope = globalThis as unknown as { close?(): void; process?: { exit(code: number): void } };
  if (typeof scope.close === "function") scope.close();
  else scope.process!.exit(0);
  return new Promise(() => {});
}

/** Ends its worker once the result is on its way. */
export function exitSoon(): string {
  setTimeout(() => void exit(0), 1);
  return "result";
}

export function lengthOfStack(): number {
  return new Error("here").stack!.length;
}

/** Makes its worker larger for good. */
const ballast: Uint8Array[] = [];

export function grow(megabytes: number): number {
  ballast.push(new Uint8Array(megabytes * 1024 * 1024).fill(1));
  return ballast.length;
}

/** Asynchronous when told to be. */
export function perhapsLater(flags: Int32Array, wait: boolean): string | Promise<string> {
  if (!wait) return "at once";
  const job = currentJob();
  Atomics.store(flags, 0, 1);
  return new Promise((resolve) =>
    job.signal.addEventListener("abort", () => {
      Atomics.store(flags, 1, currentJob() === job ? 1 : 2);
      resolve("aborted");
    })
  );
}

export function never(wait: boolean): string | Promise<string> {
  return wait ? new Promise(() => {}) : "at once";
}

/** The names of the current call before and after a wait; at once where there is nothing to wait for. */
export function namesAround(ms: number): string | Promise<string> {
  const before = currentJob().name;
  if (ms === 0) return before;
  return new Promise<void>((resolve) => setTimeout(resolve, ms)).then(() => `${before} ${currentJob().name}`);
}

export function whereAmI(list: number[]): { thread: string; list: number[] } {
  list.push(list.length);
  return { thread: (globalThis as { testThread?: string }).testThread ?? "a worker", list };
}

export function mirror(value: unknown): unknown {
  return value;
}

export async function callsWith(fn: (value: never) => unknown, value: unknown): Promise<unknown> {
  return await fn(value as never);
}

export function progressOf(value: unknown): void {
  currentJob().progress(value);
}

export function* streamOf(value: unknown): Generator<unknown> {
  yield value;
}

export function givesArguments(): unknown {
  return {
    deep: (function () {
      return arguments;
    })(),
  };
}

export function throwsProxy(kind: "proxy" | "revoked" | "later"): Promise<never> {
  if (kind === "proxy") {
    const trap = (): never => {
      throw new Error("trap");
    };
    throw new Proxy(new Error("x"), { get: trap, getPrototypeOf: trap, has: trap, ownKeys: trap });
  }
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  if (kind === "revoked") throw proxy;
  return Promise.reject(proxy);
}

function chainOf(length: number): Error {
  let error = new Error("0");
  for (let n = 1; n < length; n++) error = new Error(String(n), { cause: error });
  return error;
}

export function throwsChain(length: number): never {
  throw chainOf(length);
}

export function givesChain(length: number): { inner: Error } {
  return { inner: chainOf(length) };
}
