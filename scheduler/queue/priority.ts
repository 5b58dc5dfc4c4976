/**
 * Priorities, and the lanes of the run queue that they name.
 *
 * @module
 */

/** How urgent a task is, in the words of the web's `scheduler.postTask`. The default is `"user-visible"`. */
export type Priority = "user-blocking" | "user-visible" | "background";

/** The lane of each priority; the lane above it holds the continuations of the same priority, which go first. */
const lanes: Record<Priority, number> = { "background": 0, "user-visible": 2, "user-blocking": 4 };

export const laneCount = 6;

/** The priorities, lowest first: the index of a lane halved is the index of its priority. */
const priorities: readonly Priority[] = ["background", "user-visible", "user-blocking"];

/** The lane of the entries of a priority. */
export function laneOf(priority: Priority): number {
  return lanes[priority];
}

/** The priority of a lane. */
export function priorityOf(lane: number): Priority {
  return priorities[lane >> 1]!;
}

/** Refuses what is not a priority. */
export function checkPriority(priority: unknown): asserts priority is Priority | undefined {
  if (priority !== undefined && !(typeof priority === "string" && Object.hasOwn(lanes, priority))) {
    throw new TypeError(
      `A priority is "user-blocking", "user-visible" or "background": received ${String(priority)}`,
    );
  }
}
