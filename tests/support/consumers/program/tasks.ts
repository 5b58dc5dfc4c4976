/**
 * The worker module of the consumers.
 *
 * @module
 */

import { currentJob } from "@millrace/millrace/worker";

/** Needs nothing. */
export function add(a: number, b: number): number {
  return a + b;
}

/** Talks to its job. */
export function reports(): string {
  currentJob().progress("half");
  return "done";
}

/** Throws an error of a built-in class. */
export function fails(): never {
  throw new RangeError("out of range");
}
