/**
 * Where tasks were spawned.
 *
 * @module
 */

import { callerIn } from "../../runtime/basics/own_frames.ts";

/** Stacks, by task. A stack costs as much as a task: only where somebody may ask. */
const places = new WeakMap<object, Error>();

/** How many there are who may ask for the place of any task: while there are some, all are remembered. */
export const askers: { count: number } = { count: 0 };

/** Remembers where a task is being spawned. */
export function rememberPlace(task: object): void {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 8;
  places.set(task, new Error());
  Error.stackTraceLimit = stackTraceLimit;
}

/** Where a task was spawned, as a line of a stack; `undefined` where that is not known. */
export function placeOf(task: object): string | undefined {
  const caller = callerIn(places.get(task)?.stack);
  return caller && `at ${caller}`;
}
