/**
 * `node:assert/strict` in a page, as far as the stand-in for `@std/assert` uses it.
 *
 * @module
 */

import { firstDifference, shown } from "./deep_equal.ts";

/** Thrown by a failing assertion. */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
  readonly code = "ERR_ASSERTION";
}

function refuse(message: string): never {
  throw new AssertionError(message);
}

function fail(message: string = "Failed"): never {
  refuse(message);
}

function deepStrictEqual(actual: unknown, expected: unknown, message?: string): void {
  const difference = firstDifference(actual, expected);
  if (difference === undefined) return;
  refuse(`${message ?? "Not equal"}: ${difference}\nactual: ${shown(actual)}\nexpected: ${shown(expected)}`);
}

function notDeepStrictEqual(actual: unknown, expected: unknown, message?: string): void {
  if (firstDifference(actual, expected) === undefined) refuse(message ?? `Equal: ${shown(actual)}`);
}

function strictEqual(actual: unknown, expected: unknown, message?: string): void {
  if (!Object.is(actual, expected)) refuse(message ?? `Not the same: ${shown(actual)} and ${shown(expected)}`);
}

function notStrictEqual(actual: unknown, expected: unknown, message?: string): void {
  if (Object.is(actual, expected)) refuse(message ?? `The same: ${shown(actual)}`);
}

export default {
  AssertionError: AssertionError as typeof AssertionError,
  fail: fail as typeof fail,
  deepStrictEqual: deepStrictEqual as typeof deepStrictEqual,
  notDeepStrictEqual: notDeepStrictEqual as typeof notDeepStrictEqual,
  strictEqual: strictEqual as typeof strictEqual,
  notStrictEqual: notStrictEqual as typeof notStrictEqual,
};
