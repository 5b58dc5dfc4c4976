/**
 * Values that stand for something else on their way between threads.
 *
 * @module
 */

import { checkFunction } from "../../../runtime/basics/check.ts";

/** Marks a `Transfer` as one, also for the copy of this class that a bundler has put beside another one. */
const brand = Symbol.for("millrace.transfer");

/** A value with what of it is to be moved instead of copied. */
export class Transfer<T> {
  readonly value: T;
  readonly list: readonly Transferable[];

  /** Is a value such a one? */
  static [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === "object" && value !== null && brand in value;
  }

  /** Made by {@linkcode transfer}. */
  constructor(value: T, list: readonly Transferable[]) {
    this.value = value;
    this.list = list;
    (this as Record<symbol, unknown>)[brand] = true;
  }
}

/**
 * Marks the result of a worker function: the buffers and ports in `list` are moved to the caller instead of copied.
 *
 * @throws {TypeError} when `list` is no array. A list with a detached, repeated or shared buffer fails the call.
 *
 * @example
 * ```ts no-run
 * // tasks.ts, the worker module
 * import { transfer } from "@millrace/millrace/worker";
 *
 * export function zeros(bytes: number): Uint8Array {
 *   const array = new Uint8Array(bytes);
 *   return transfer(array, [array.buffer]);
 * }
 * ```
 */
export function transfer<T>(value: T, list: readonly Transferable[]): T {
  if (!Array.isArray(list)) throw new TypeError(`A transfer list is an array: received ${String(list)}`);
  return new Transfer(value, list) as unknown as T;
}

/** A function of the caller's among the arguments of a call. */
export class Callback {
  readonly fn: (...args: never) => unknown;

  /** Made by {@linkcode callback}. */
  constructor(fn: (...args: never) => unknown) {
    this.fn = fn;
  }
}

/** A function that was marked with {@linkcode callback}; the property is of its type alone. */
export interface MarkedCallback<A extends unknown[], R> {
  /** Nothing: it is what the compiler names where a function is not marked. */
  readonly "a function goes to a worker as callback(fn)": (...args: A) => R;
}

/**
 * Marks a function among the arguments of a `WorkerPool` call: the worker gets a function that calls it, here, and gives a
 * promise of its result. It works as long as the call goes on, and runs in the async context of whoever made the call.
 *
 * @throws {TypeError} for what is no function.
 *
 * @example
 * ```ts no-run
 * import { callback, WorkerPool } from "@millrace/millrace";
 *
 * // tasks.ts: export async function total(price: (item: string) => Promise<number>, items: string[]) { ... }
 * const pool = new WorkerPool(new URL("./tasks.ts", import.meta.url));
 * await pool.run("total", [callback((item: string) => item.length), ["pear", "fig"]]);
 * ```
 */
export function callback<A extends unknown[], R>(fn: (...args: A) => R | PromiseLike<R>): MarkedCallback<A, R> {
  checkFunction(fn, "A callback");
  return new Callback(fn) as unknown as MarkedCallback<A, R>;
}
