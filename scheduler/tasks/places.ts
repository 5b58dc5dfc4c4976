/**
 * Where tasks were spawned.
 *
 * @module
 */

import { callerIn } from "../../runtime/basics/own_frames.ts";

/** Stacks, by task. A stack costs as much as a task: only where somebody may ask. */
const places = new WeakMap<object, Error>();

/** How many ask for the places of all tasks. */
let wanted = 0;

/** From now on the places of all tasks are remembered, until the returned function is called. A second call of that does nothing. */
export function wantPlaces(): () => void {
  let wants = true;
  wanted++;
  return () => {
    if (wants) wanted--;
    wants = false;
  };
}

/** Are the places of all tasks to be remembered? */
export function arePlacesWanted(): boolean {
  return wanted > 0;
}

/** Remembers where a task is being spawned. */
export function rememberPlace(task: object): void {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 8;
  places.set(task, new Error("place"));
  Error.stackTraceLimit = stackTraceLimit;
}

/** Where a task was spawned, as a stack says it; `undefined` where that is not known. */
export function placeOf(task: object): string | undefined {
  return callerIn(places.get(task)?.stack);
}
