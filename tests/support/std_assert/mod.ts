/**
 * A stand-in for `jsr:@std/assert` with the same signatures, for machines that do not reach JSR.
 *
 * Every assertion carries a message: an `assert.ok` without one makes Node 20 search the transpiled source for it.
 *
 * @module
 */

import nodeAssert from "node:assert/strict";

// deno-lint-ignore no-explicit-any -- as in @std/assert
type Constructor<T> = abstract new (...args: any[]) => T;

/** Thrown by a failing assertion. */
export const AssertionError: typeof nodeAssert.AssertionError = nodeAssert.AssertionError;

function refuse(message: string, detail?: string): never {
  nodeAssert.fail(detail === undefined ? message : `${message}: ${detail}`);
}

/** Node 26 refuses a message that is `undefined`. */
function asGiven(message: string | undefined): [] | [never] {
  return message === undefined ? [] : [message as never];
}

export function assert(value: unknown, message: string = ""): asserts value {
  if (!value) refuse(message || "The value is not truthy", String(value));
}

export function assertFalse(value: unknown, message: string = ""): void {
  if (value) refuse(message || "The value is not falsy", String(value));
}

export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  nodeAssert.deepStrictEqual(actual, expected, ...asGiven(message));
}

export function assertNotEquals<T>(actual: T, expected: T, message?: string): void {
  nodeAssert.notDeepStrictEqual(actual, expected, ...asGiven(message));
}

export function assertStrictEquals<T>(actual: unknown, expected: T, message?: string): asserts actual is T {
  nodeAssert.strictEqual(actual, expected, ...asGiven(message));
}

export function assertNotStrictEquals<T>(actual: T, expected: T, message?: string): void {
  nodeAssert.notStrictEqual(actual, expected, ...asGiven(message));
}

export function assertExists<T>(actual: T, message: string = ""): asserts actual is NonNullable<T> {
  if (actual === undefined || actual === null) refuse(message || "The value does not exist", String(actual));
}

export function assertInstanceOf<T>(actual: unknown, type: Constructor<T>, message: string = ""): asserts actual is T {
  if (!(actual instanceof type)) refuse(message || `The value is no ${type.name}`, String(actual));
}

export function assertGreater<T>(actual: T, expected: T, message: string = ""): void {
  if (!(actual > expected)) refuse(message || "Not greater", `${actual} > ${expected}`);
}

export function assertGreaterOrEqual<T>(actual: T, expected: T, message: string = ""): void {
  if (!(actual >= expected)) refuse(message || "Not greater or equal", `${actual} >= ${expected}`);
}

export function assertLess<T>(actual: T, expected: T, message: string = ""): void {
  if (!(actual < expected)) refuse(message || "Not less", `${actual} < ${expected}`);
}

export function assertLessOrEqual<T>(actual: T, expected: T, message: string = ""): void {
  if (!(actual <= expected)) refuse(message || "Not less or equal", `${actual} <= ${expected}`);
}

export function assertMatch(actual: string, expected: RegExp, message: string = ""): void {
  if (!expected.test(actual)) refuse(message || "No match", `${JSON.stringify(actual)} and ${expected}`);
}

export function assertStringIncludes(actual: string, expected: string, message: string = ""): void {
  if (!actual.includes(expected)) {
    refuse(message || "Not included", `${JSON.stringify(expected)} in ${JSON.stringify(actual)}`);
  }
}

export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  type?: Constructor<E>,
  includes: string = "",
  message: string = "",
): E {
  let caught: unknown;
  try {
    fn();
  } catch (error) {
    caught = error;
    return checkError(caught, type, includes, message);
  }
  refuse(message || "The function did not throw");
}

export async function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  type?: Constructor<E>,
  includes: string = "",
  message: string = "",
): Promise<E> {
  let caught: unknown;
  try {
    await fn();
  } catch (error) {
    caught = error;
    return checkError(caught, type, includes, message);
  }
  refuse(message || "The promise did not reject");
}

export function fail(message: string = "Failed"): never {
  refuse(message);
}

function checkError<E extends Error>(
  error: unknown,
  type: Constructor<E> | undefined,
  includes: string,
  message: string,
): E {
  if (type !== undefined) assertInstanceOf(error, type, message || `Expected a ${type.name}, got ${String(error)}`);
  if (includes !== "") assertStringIncludes((error as Error).message, includes, message);
  return error as E;
}
