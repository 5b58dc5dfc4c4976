/**
 * Running several functions at once and making one result of them: the structured relatives of `Promise.all` and its
 * like.
 *
 * They take functions, not promises: what has begun already could be neither cancelled nor kept from beginning. Each
 * function gets a task of its own, all in one group, and nothing goes on after the returned promise has settled.
 *
 * @module
 */

import { checkFunction, show } from "../../runtime/basics/check.ts";
import { abortedBy, toCaller } from "../scopes/exit.ts";
import type { Task } from "../scopes/task.ts";
import { checkGroupOptions, type GroupOptions } from "../tasks/group_options.ts";
import { Combination, type Rule, runAll } from "./combination.ts";

/** A function that a combinator runs as a task. */
export type TaskFunction<T> = (task: Task<unknown>) => T | PromiseLike<T>;

/** The results of functions, each in the place of its function. */
export type ResultsOf<F extends readonly TaskFunction<unknown>[]> = {
  -readonly [K in keyof F]: Awaited<ReturnType<F[K]>>;
};

/** How the functions settled, each in the place of its function. */
export type SettledResultsOf<F extends readonly TaskFunction<unknown>[]> = {
  -readonly [K in keyof F]: PromiseSettledResult<Awaited<ReturnType<F[K]>>>;
};

/**
 * Runs functions at once and resolves to their results, in the order of the functions; with none, to `[]`.
 *
 * The first failure cancels the others, those that have not started never do, and when all have ended it is what the
 * promise rejects with; `suppressed()` has later ones. A task that is cancelled by itself counts as a failure with
 * `TaskCancelledError`.
 *
 * @param options `limit` bounds how many run at once; `signal`, `timeout`, `priority` and the others are those of a
 * `group`.
 * @throws {TypeError} or {RangeError} at the call, for arguments of a wrong kind or range.
 *
 * @example
 * ```ts
 * import { all, sleep } from "@millrace/millrace";
 *
 * const [name, size] = await all([
 *   async () => {
 *     await sleep(2);
 *     return "mill";
 *   },
 *   () => 3,
 * ]);
 * console.log(name, size); // -> mill 3
 * ```
 */
export function all<const F extends readonly TaskFunction<unknown>[]>(
  fns: F,
  options?: GroupOptions,
): Promise<ResultsOf<F>>;
/** The same for functions from any iterable. */
export function all<T>(fns: Iterable<TaskFunction<T>>, options?: GroupOptions): Promise<T[]>;
export function all(fns: Iterable<TaskFunction<unknown>>, options: GroupOptions = {}): Promise<unknown[]> {
  const results: unknown[] = [];
  return combine("all", fns, options, {
    fulfilled: (value, index) => void (results[index] = value),
    rejected: () => false,
  }, () => results);
}

/**
 * Runs functions at once and resolves, when all have ended, to how each ended, as `Promise.allSettled` does; with none,
 * to `[]`. A failure cancels nobody. A task that is cancelled by itself counts as rejected with `TaskCancelledError`.
 *
 * It rejects only when it is cancelled, or its `timeout` passes, as a whole.
 *
 * @throws {TypeError} or {RangeError} at the call, for arguments of a wrong kind or range.
 *
 * @example
 * ```ts
 * import { allSettled } from "@millrace/millrace";
 *
 * const results = await allSettled([() => 1, () => Promise.reject(new Error("no"))]);
 * console.log(results.map(({ status }) => status).join()); // -> fulfilled,rejected
 * ```
 */
export function allSettled<const F extends readonly TaskFunction<unknown>[]>(
  fns: F,
  options?: GroupOptions,
): Promise<SettledResultsOf<F>>;
/** The same for functions from any iterable. */
export function allSettled<T>(
  fns: Iterable<TaskFunction<T>>,
  options?: GroupOptions,
): Promise<PromiseSettledResult<T>[]>;
export function allSettled(
  fns: Iterable<TaskFunction<unknown>>,
  options: GroupOptions = {},
): Promise<PromiseSettledResult<unknown>[]> {
  const results: PromiseSettledResult<unknown>[] = [];
  return combine("allSettled", fns, options, {
    fulfilled: (value, index) => void (results[index] = { status: "fulfilled", value }),
    rejected: (reason, index) => {
      results[index] = { status: "rejected", reason };
      return true;
    },
  }, () => results);
}

/**
 * Runs functions at once and settles as the first to end does. The others are cancelled, those that have not started
 * never do, and the promise settles when all have ended. Of those that end in the same turn the first in order wins.
 *
 * What a loser throws after it has been cancelled goes to `onUnhandled`, unless it is an `AbortError`.
 *
 * @throws {TypeError} or {RangeError} at the call, for arguments of a wrong kind or range, and for no functions at all:
 * nobody could ever win.
 *
 * @example
 * ```ts
 * import { race, sleep } from "@millrace/millrace";
 *
 * const winner = await race([
 *   () => sleep(60_000).then(() => "tortoise"),
 *   () => sleep(2).then(() => "hare"),
 * ]);
 * console.log(winner); // -> hare
 * ```
 */
export function race<const F extends readonly TaskFunction<unknown>[]>(
  fns: F,
  options?: GroupOptions,
): Promise<Awaited<ReturnType<F[number]>>>;
/** The same for functions from any iterable. */
export function race<T>(fns: Iterable<TaskFunction<T>>, options?: GroupOptions): Promise<T>;
export function race(fns: Iterable<TaskFunction<unknown>>, options: GroupOptions = {}): Promise<unknown> {
  let winner: unknown;
  const list = checkFunctions("race", fns);
  if (list.length === 0) throw new RangeError("race needs at least one function: with none nobody could win");
  return combine("race", list, options, {
    fulfilled: (value, _index, combination) => {
      winner = value;
      combination.decide("the race was won by another");
    },
    rejected: () => false,
  }, () => winner);
}

/**
 * Runs functions at once and resolves to the result of the first that succeeds. The others are cancelled, those that
 * have not started never do, and the promise settles when all have ended.
 *
 * Failures before the first success are dropped, as `Promise.any` drops them; what is thrown after it, in cleaning up,
 * goes to `onUnhandled`, unless it is an `AbortError`.
 *
 * @throws {AggregateError} (rejection) when all have failed, with their errors in the order of the functions; also with
 * no functions.
 * @throws {TypeError} or {RangeError} at the call, for arguments of a wrong kind or range.
 *
 * @example
 * ```ts
 * import { any } from "@millrace/millrace";
 *
 * console.log(await any([() => Promise.reject(new Error("mirror down")), () => "from the second mirror"]));
 * // -> from the second mirror
 * ```
 */
export function any<const F extends readonly TaskFunction<unknown>[]>(
  fns: F,
  options?: GroupOptions,
): Promise<Awaited<ReturnType<F[number]>>>;
/** The same for functions from any iterable. */
export function any<T>(fns: Iterable<TaskFunction<T>>, options?: GroupOptions): Promise<T>;
export function any(fns: Iterable<TaskFunction<unknown>>, options: GroupOptions = {}): Promise<unknown> {
  let winner: { value: unknown } | undefined;
  const errors: unknown[] = [];
  return combine("any", fns, options, {
    fulfilled: (value, _index, combination) => {
      winner = { value };
      combination.decide("another has succeeded");
    },
    rejected: (error, index) => {
      errors[index] = error;
      return true;
    },
  }, () => {
    if (winner === undefined) throw new AggregateError(errors, "All functions have failed");
    return winner.value;
  });
}

/** Checks, runs, and makes the result when all have ended and nothing else is to be thrown. */
function combine<R>(
  name: string,
  fns: Iterable<TaskFunction<unknown>>,
  options: GroupOptions,
  rule: Rule,
  result: () => R,
): Promise<R> {
  const list = checkFunctions(name, fns);
  const settings = checkGroupOptions(options, name);
  if (settings.signal?.aborted) return abortedBy(settings.signal);
  settings.name ??= name;
  return toCaller(runAll(new Combination(settings, rule), list), result, settings.signal);
}

function checkFunctions(name: string, fns: Iterable<unknown>): TaskFunction<unknown>[] {
  if (typeof (fns as Iterable<unknown> | undefined)?.[Symbol.iterator] !== "function") {
    throw new TypeError(`${name} needs an iterable of functions: received ${show(fns)}`);
  }
  const list = [...fns];
  list.forEach((fn, index) => checkFunction(fn, `Number ${index} of what ${name} runs`));
  return list as TaskFunction<unknown>[];
}
