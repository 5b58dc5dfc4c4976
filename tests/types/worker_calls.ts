/** What may be called how in a worker module, and what crosses: callbacks, generators, buffers. */

import type { Buffer } from "node:buffer";
import {
  type Arguments,
  callback,
  type Item,
  type MarkedCallback,
  type RunnableName,
  type StreamableName,
  WorkerPool,
} from "@millrace/millrace";
import type { Equal, Row } from "./equal.ts";

/** What `typeof import("./tasks.ts")` is of such a module. */
interface Tasks {
  each(visit: (row: Row) => Promise<void>): Promise<void>;
  choose(count: number, choice?: (text: string) => Promise<"a" | "b">): string;
  all(...visits: ((n: number) => void)[]): number;
  plain(choice: (n: number) => number): number;
  given(data: (bytes: Buffer) => Promise<void>): void;
  count(to: number): Generator<number, void, unknown>;
  rows(): AsyncGenerator<Row, void, unknown>;
  later(): Promise<AsyncIterable<Row>>;
  list(): Row[];
  sum(rows: Row[]): number;
  never(): never;
  // deno-lint-ignore no-explicit-any
  anything(): any;
  file(): Buffer;
  files(): Promise<Buffer[]>;
  named(): Promise<{ name: string; data: Buffer | undefined; parts?: Buffer[] }>;
  pair(): [Buffer, number];
  byName(): Map<string, Buffer>;
  chunks(): AsyncGenerator<Buffer>;
  node(): Tree;
  row(): Row;
}

/** A type without an end. */
interface Tree {
  readonly name: string;
  readonly children: Tree[];
}

declare const pool: WorkerPool<Tasks>;
declare const rows: AsyncIterable<Row[]>;
declare const names: AsyncIterable<string>;

/** What a callback is called with is what the worker function says. */
export async function calledBack(): Promise<void> {
  await pool.run("each", [callback((row) => void (true satisfies Equal<typeof row, Row>))]);
  await pool.run("each", [callback(async (row) => await Promise.resolve(void row.id))]);
  await pool.run("choose", [1, callback((text) => text.length > 1 ? "a" : "b")]);
  await pool.run("choose", [1]);
  await pool.run("all", [callback((n) => n.toFixed()), callback(() => {})]);
  await pool.functions.each(callback((row) => void row.id));
  await pool.run("given", [callback((bytes) => void (true satisfies Equal<typeof bytes, Uint8Array>))]);
  const marked = callback((row: Row) => row.id);
  true satisfies Equal<typeof marked, MarkedCallback<[row: Row], number>>;
  // @ts-expect-error A function has to be marked.
  pool.run("each", [(row: Row) => Promise.resolve(void row)]);
  // @ts-expect-error Likewise.
  pool.run("choose", [1, () => Promise.resolve("a" as const)]);
  // @ts-expect-error Likewise.
  pool.functions.each(async () => {});
  // @ts-expect-error Likewise.
  pool.run("all", [callback(() => {}), () => {}]);
  // @ts-expect-error It is called with a row.
  pool.run("each", [callback((text: string) => void text)]);
  // @ts-expect-error It is to give one of two.
  pool.run("choose", [1, callback(() => "c")]);
  // @ts-expect-error In the worker it gives a promise.
  pool.run("plain", [callback((n) => n)]);
}

/** One result is run, several are streamed. */
export async function called(): Promise<void> {
  true satisfies Equal<Extract<RunnableName<Tasks>, "count" | "rows" | "later" | "chunks">, "later">;
  true satisfies Equal<StreamableName<Tasks> & ("each" | "row" | "sum"), never>;
  for await (const row of pool.stream("list", [])) true satisfies Equal<typeof row, Row>;
  for await (const row of pool.stream("later", [])) true satisfies Equal<typeof row, Row>;
  for await (const value of pool.stream("count", [1])) true satisfies Equal<typeof value, number>;
  true satisfies Equal<Awaited<ReturnType<typeof pool.functions.list>>, Row[]>;
  void pool.run("never", []);
  void pool.stream("anything", []);
  // @ts-expect-error A generator cannot be sent.
  pool.run("count", [1]);
  // @ts-expect-error Likewise.
  pool.run("rows", []);
  // @ts-expect-error Likewise.
  pool.functions.count(1);
  // @ts-expect-error Likewise.
  pool.map("count", [1]);
  // @ts-expect-error A number is nothing to go through.
  pool.stream("sum", [[]]);
  // @ts-expect-error Likewise.
  pool.stream("row", []);
}

/** The name of a function may be a parameter. */
export function wrapped<K extends RunnableName<Tasks>>(name: K, args: Arguments<Tasks, K>): void {
  void pool.run(name, args);
}

/** Items come from iterables of both kinds. */
export async function mapped(): Promise<void> {
  const sums = await pool.map("sum", rows);
  true satisfies Equal<typeof sums, number[]>;
  true satisfies Equal<Item<Tasks, "sum">, Row[]>;
  // @ts-expect-error Items are lists of rows.
  pool.map("sum", names);
  // @ts-expect-error Functions do not cross with items.
  pool.map("each", [callback(() => {})]);
}

/** A `Buffer` arrives as what structured clone makes of it. */
export async function received(): Promise<void> {
  const file = await pool.run("file", []);
  true satisfies Equal<typeof file, Uint8Array>;
  const files = await pool.run("files", []);
  true satisfies Equal<typeof files, Uint8Array[]>;
  const named = await pool.run("named", []);
  true satisfies Equal<typeof named, { name: string; data: Uint8Array | undefined; parts?: Uint8Array[] }>;
  const pair = await pool.functions.pair();
  true satisfies Equal<typeof pair, [Uint8Array, number]>;
  const byName = await pool.run("byName", []);
  true satisfies Equal<typeof byName, Map<string, Uint8Array>>;
  for await (const chunk of pool.stream("chunks", [])) true satisfies Equal<typeof chunk, Uint8Array>;
  const tree = await pool.run("node", []);
  true satisfies Equal<typeof tree, Tree>;
  // @ts-expect-error It is no Buffer any more.
  file.toString("hex");
  // @ts-expect-error Likewise.
  files[0]!.readUInt8(0);
}

/** Of a pool without a type everything is unknown. */
export async function untyped(): Promise<void> {
  const any = new WorkerPool(new URL("file:///tasks.js"));
  const value = await any.run("anything", [callback((n) => n)]);
  true satisfies Equal<typeof value, unknown>;
  for await (const each of any.stream("anything", [])) true satisfies Equal<typeof each, unknown>;
}
