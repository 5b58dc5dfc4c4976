/**
 * States that are made up.
 *
 * @module
 */

import type { GroupRow, State, TaskRow } from "../../../../io/inspector/protocol.ts";
import type { Priority } from "../../../../scheduler/queue/priority.ts";

/** A group of the tree; at the top, running, folded and with one task unless it is told otherwise. */
export function madeGroup(id: number, name: string, change: Partial<GroupRow> = {}): GroupRow {
  const counts = { queued: 0, running: 1, waiting: 0, cancelling: 0 };
  const plain = { depth: 0, hasGroups: false, isOpen: false, state: "running", age: 61_000, deadline: null } as const;
  return { id, name, counts, ...plain, ...change };
}

/** A task that waits for a timer, unless it is told otherwise. */
export function madeTask(id: number, change: Partial<TaskRow> = {}): TaskRow {
  return {
    id,
    name: `task#${id}`,
    group: "main",
    state: "waiting",
    age: 5_000,
    since: 1_500,
    waitingFor: "sleep until 12.5 s",
    blockedBy: [],
    priority: "user-visible",
    deadline: null,
    place: "file:///home/me/search/src/crawl.ts:12:5",
    inCycle: false,
    ...change,
  };
}

/** A state of a program in which little happens. */
export function madeState(change: Partial<State> = {}): State {
  const busy: Record<Priority, number> = { "user-blocking": 4, "user-visible": 60, "background": 20 };
  return {
    at: 1_000,
    total: { queued: 3, running: 12, waiting: 1_203, cancelling: 1 },
    groups: [],
    groupsMore: 0,
    rows: [],
    rowsTotal: 0,
    cycles: [],
    loop: {
      elapsed: 250,
      delay: { p50: 0.4, p99: 3.2, max: 12.4 },
      turns: 500,
      slices: 120,
      utilization: 0.34,
      busy,
      longTurns: [],
    },
    pools: [],
    servers: [],
    ...change,
  };
}

/** So many tasks, one after another. */
export function madeTasks(count: number, change: Partial<TaskRow> = {}): TaskRow[] {
  return Array.from({ length: count }, (_, index) => madeTask(index + 1, change));
}

const counts = { queued: 1, running: 2, waiting: 3, cancelling: 0 };

/** A program with two groups in one another and one beside them. */
export const nested: State = madeState({
  groups: [
    madeGroup(1, "main", { hasGroups: true, isOpen: true, counts }),
    madeGroup(2, "crawler", { depth: 1, hasGroups: true, deadline: 2_500 }),
    madeGroup(3, "server", { state: "cancelling" }),
  ],
  rows: madeTasks(3),
  rowsTotal: 3,
});
