/**
 * What can be known of the test runner in whose test code runs.
 *
 * @module
 */

import { isOwnTimeout, sinonClock } from "../hosts/common/own_functions.ts";

/** Fake timers of a runner, as its users know them. */
export interface RunnerFakes {
  readonly name: string;
  /** What takes them away. */
  readonly removedBy: string;
}

interface Jest {
  readonly testTimeout?: unknown;
}

/** How long a test may take in ms where its runner says nothing else: with jest, Bun and vitest. */
const usualTimeout = 5000;

/** The fake timers that are in place; `undefined` where there are none. */
export function fakesInPlace(): RunnerFakes | undefined {
  const setTimeout = globalThis.setTimeout as unknown as { clock?: unknown; _isMockFunction?: unknown };
  if (setTimeout.clock === true) {
    return { name: "The fake timers of bun:test (jest.useFakeTimers)", removedBy: "jest.useRealTimers()" };
  }
  if (isOwnTimeout(setTimeout)) return undefined;
  const fakesOf = (runner: string, object: string): RunnerFakes => ({
    name: `The fake timers of ${runner} (${object}.useFakeTimers)`,
    removedBy: `${object}.useRealTimers()`,
  });
  if (setTimeout._isMockFunction === true || jest() !== undefined) return fakesOf("jest", "jest");
  if ("__vitest_worker__" in globalThis) return fakesOf("vitest", "vi");
  if (sinonClock(setTimeout) !== undefined) {
    return { name: "The fake timers of @sinonjs/fake-timers", removedBy: "clock.uninstall()" };
  }
  return "Deno" in globalThis
    ? { name: "Fake timers (FakeTime)", removedBy: "time.restore()" }
    : { name: "The fake timers of node:test (mock.timers)", removedBy: "mock.timers.reset()" };
}

/** How long a test may take in ms that is given nothing by its runner: jest, which keeps that in a place of its own, or Bun. */
export function timeoutOfRunner(): number {
  // An object of jest's own for its tests, and what `jest.setTimeout` writes.
  const set = (globalThis as Record<symbol, unknown>)[Symbol.for("TEST_TIMEOUT_SYMBOL")];
  const timeout = jest()?.testTimeout ?? set;
  return typeof timeout === "number" ? timeout : usualTimeout;
}

function jest(): Jest | undefined {
  const key = Object.getOwnPropertySymbols(globalThis).find(({ description }) => description === "JEST_STATE_SYMBOL");
  return key === undefined ? undefined : (globalThis as unknown as Record<symbol, Jest>)[key];
}
