/**
 * Where a posted callback has its priority from: a fixed one, or that of a signal.
 *
 * @module
 */

import type { Entry } from "../queue/entry.ts";
import { loop } from "../queue/loop.ts";
import { laneOf } from "../queue/priority.ts";
import { type Flow, type PrioritySignal, stateIn, stateOf } from "./signal_state.ts";

/** Where work gets its priority from: a lane, or a signal whose priority may change. */
export type PrioritySource = number | PrioritySignal;

/** The source of the priority of a task that is posted with a signal and no priority of its own. */
export function prioritySource(signal: AbortSignal | undefined): PrioritySource {
  const state = stateIn(signal);
  if (state === undefined) return laneOf("user-visible");
  return state.isFixed ? laneOf(state.priority) : signal as PrioritySignal;
}

/** The lane of a source at this moment. */
export function laneFrom(source: PrioritySource): number {
  return typeof source === "number" ? source : laneOf(source.priority);
}

/** Puts an entry into the run queue; until it leaves it, it moves with its source. */
export function enqueueBy(source: PrioritySource, entry: Entry): void {
  if (typeof source !== "number") stateOf(source).queued.add(entry);
  loop().queue.enqueue(entry, laneFrom(source) + (entry.isContinuation ? 1 : 0));
}

/** An entry has left the run queue, or is to leave it now. */
export function dequeueBy(source: PrioritySource, entry: Entry): void {
  if (typeof source !== "number") stateOf(source).queued.delete(entry);
  loop().queue.remove(entry);
}

/** Tells a flow of control of changes of the priority. */
export function follow(source: PrioritySignal, flow: Flow): void {
  stateOf(source).flows.add(flow);
}

/** No longer tells it. */
export function unfollow(source: PrioritySignal, flow: Flow): void {
  stateOf(source).flows.delete(flow);
}
