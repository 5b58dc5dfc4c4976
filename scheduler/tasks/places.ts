/**
 * Where tasks were spawned.
 *
 * @module
 */

import { callerIn } from "../../runtime/basics/own_frames.ts";

/** Stacks, by task. A stack costs as much as a task: only where somebody may ask. */
const places = new WeakMap<object, Error>();

/** The places of how many tasks are still to be remembered, whatever their group. */
export const wanted: { places: number } = { places: 0 };

/** Remembers where a task is being spawned. */
export function rememberPlace(task: object): void {
  wanted.places--;
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
