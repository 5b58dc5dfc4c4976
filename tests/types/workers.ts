// deno-lint-ignore-file require-await
/** The types of worker pools: a pool knows the functions of its module. */

import {
  type Arguments,
  callback,
  type FunctionName,
  type PoolFunctions,
  type Result,
  type StreamedValue,
  WorkerPool,
  type WorkerPoolStatistics,
} from "@millrace/millrace";
import { currentJob, type Job, serveJobs, transfer, workerData } from "@millrace/millrace/worker";
import type { Equal, Row } from "./equal.ts";

/** What `typeof import("./tasks.ts")` is of such a module. */
interface Tasks {
  add(a: number, b: number): number;
  load(id: number, options?: { deep?: boolean }): Promise<Row>;
  count(to: number): Generator<number, void, unknown>;
  rows(): AsyncGenerator<Row, void, unknown>;
  each(visit: (row: Row) => Promise<void>): Promise<void>;
  readonly version: string;
}

declare const pool: WorkerPool<Tasks>;
declare const url: URL;

/** Names, arguments and results are those of the module. */
export async function called(): Promise<void> {
  const sum = await pool.run("add", [1, 2]);
  true satisfies Equal<typeof sum, number>;
  const row = await pool.run("load", [1], { timeout: 10, runTimeout: 5, priority: "background", name: "load" });
  true satisfies Equal<typeof row, Row>;
  await pool.run("load", [1, { deep: true }], { signal: AbortSignal.timeout(1), transfer: [new ArrayBuffer(1)] });
  await pool.run("each", [callback(async (row: Row) => void row.id)]);
  true satisfies Equal<FunctionName<Tasks>, "add" | "load" | "count" | "rows" | "each">;
  true satisfies Equal<Arguments<Tasks, "add">, [a: number, b: number]>;
  true satisfies Equal<Result<Tasks, "load">, Row>;
  true satisfies Equal<StreamedValue<Tasks, "rows">, Row>;
  // @ts-expect-error No such function.
  pool.run("sub", [1, 2]);
  // @ts-expect-error That is no function.
  pool.run("version", []);
  // @ts-expect-error It takes numbers.
  pool.run("add", ["1", 2]);
  // @ts-expect-error It takes two.
  pool.run("add", [1]);
  // @ts-expect-error No more than two.
  pool.run("add", [1, 2, 3]);
  // @ts-expect-error The arguments are a list.
  pool.run("add", 1, 2);
  // @ts-expect-error No such option.
  pool.run("add", [1, 2], { timeot: 1 });
  // @ts-expect-error It is a row.
  const text: string = await pool.run("load", [1]);
  void text;
}

/** The same functions, to be called. */
export async function functions(): Promise<void> {
  const { add, load } = pool.functions;
  true satisfies Equal<typeof pool.functions, PoolFunctions<Tasks>>;
  const sum = add(1, 2);
  true satisfies Equal<typeof sum, Promise<number>>;
  const row = await load(1, { deep: true });
  true satisfies Equal<typeof row, Row>;
  // @ts-expect-error It takes numbers.
  add("1", 2);
  // @ts-expect-error That is no function.
  pool.functions.version();
  // @ts-expect-error They are the module's.
  pool.functions.add = add;
}

/** Streams give what the function yields, maps what it returns for each item. */
export async function streamed(): Promise<void> {
  for await (const value of pool.stream("count", [3])) true satisfies Equal<typeof value, number>;
  for await (const value of pool.stream("rows", [], { highWaterMark: 8 })) true satisfies Equal<typeof value, Row>;
  const rows = await pool.map("load", [1, 2], { limit: 2, chunk: 10 });
  true satisfies Equal<typeof rows, Row[]>;
  const ofSet = pool.map("load", new Set([1]));
  true satisfies Equal<typeof ofSet, Promise<Row[]>>;
  // @ts-expect-error Items are numbers.
  pool.map("load", ["1"]);
  // @ts-expect-error No such function.
  pool.map("save", [1]);
  // @ts-expect-error It counts to a number.
  pool.stream("count", ["3"]);
  // @ts-expect-error A call has no mark.
  pool.run("count", [3], { highWaterMark: 8 });
  // @ts-expect-error Each item is an argument of its own: none could be transferred for all.
  pool.map("load", [1], { transfer: [] });
}

/** A pool is made of a module's URL, or of what makes a worker. */
export async function made(): Promise<void> {
  await using own = new WorkerPool<Tasks>(url, { size: 2, name: "rows", queueLimit: 0, idleTimeout: 1000 });
  const fromWorker = new WorkerPool<Tasks>(() => new Worker(new URL("tasks.js", url), { type: "module" }));
  true satisfies Equal<typeof fromWorker, WorkerPool<Tasks>>;
  const untyped = new WorkerPool(url);
  const unknown = await untyped.run("anything", [1, "2"]);
  true satisfies Equal<typeof unknown, unknown>;
  const numbers = own.statistics();
  true satisfies Equal<typeof numbers, WorkerPoolStatistics>;
  true satisfies Equal<ReturnType<typeof own.close>, Promise<void>>;
  await own.warmUp(2);
  // @ts-expect-error Statistics are of one moment.
  numbers.running = 0;
  // @ts-expect-error A URL, so that everybody knows to what a path belongs.
  new WorkerPool<Tasks>("./tasks.ts");
  // @ts-expect-error The worker is made when the pool wants it.
  new WorkerPool<Tasks>(new Worker(url));
  // @ts-expect-error No such option.
  new WorkerPool<Tasks>(url, { threads: 2 });
  // @ts-expect-error A number of milliseconds.
  own.close(1000);
}

/** What a function in a worker may ask. */
export function inWorker(): void {
  const job = currentJob();
  true satisfies Equal<typeof job, Job>;
  true satisfies Equal<typeof job.signal, AbortSignal>;
  job.progress({ done: 1 });
  const buffer = transfer(new Uint8Array(1), []);
  buffer satisfies Uint8Array;
  const data = workerData<{ path: string }>();
  true satisfies Equal<typeof data, { path: string }>;
  true satisfies Equal<ReturnType<typeof workerData>, unknown>;
  serveJobs({ add: (a: number, b: number) => a + b });
  // @ts-expect-error A job is cancelled by whoever called.
  job.cancelled = true;
  // @ts-expect-error What is transferred is a list.
  transfer(new Uint8Array(1), new ArrayBuffer(1));
}
