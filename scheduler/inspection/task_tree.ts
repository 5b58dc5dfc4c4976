/**
 * The tree of what is alive, for people and tools.
 *
 * @module
 */

import { loop } from "../queue/loop.ts";
import { type Priority, priorityOf } from "../queue/priority.ts";
import { roots } from "../scopes/current_scope.ts";
import type { TaskState } from "../scopes/task.ts";
import type { GroupNode } from "../tasks/group_node.ts";
import { TaskNode } from "../tasks/task_node.ts";
import { ageOf, partsOf, stateOf, waitingFor } from "./task_parts.ts";
import { cyclesOf } from "./wait_cycles.ts";

/** A group or a task that has not ended. */
export interface TaskInfo {
  /** What it is. */
  readonly kind: "group" | "task";
  /** Its name; that of a task has the task's number. */
  readonly name: string;
  /** Where it stands; a group that was given up after its `teardownTimeout` is "abandoned". */
  readonly state: TaskState | "abandoned";
  /** The priority of its turns. */
  readonly priority: Priority;
  /** How long ago it was made, in ms. */
  readonly age: number;
  /** What it waits for; `undefined` where that is not known: it runs, or waits for a promise that is none of ours. */
  readonly waitingFor: string | undefined;
  /** The names of the tasks that have to go on first: one that is awaited, or those that hold a lock; as far as known. */
  readonly blockedBy: readonly string[];
  /** When it is going to be cancelled by a deadline of its own, in ms of the host's clock; `Infinity` for never. */
  readonly deadline: number;
  /** What is alive in it, oldest first. */
  readonly children: readonly TaskInfo[];
}

/**
 * The groups and tasks that are alive now, as a tree: the groups that are open outside any other group, oldest first, and what is
 * in them.
 *
 * @example
 * ```ts
 * import { group, sleep, tasks } from "@millrace/millrace";
 *
 * await group(async (g) => {
 *   g.spawn(() => sleep(5), { name: "reader" });
 *   await sleep(1);
 *   const server = tasks().find(({ name }) => name === "server");
 *   console.log(server?.children[0]?.waitingFor); // -> sleep
 * }, { name: "server" });
 * ```
 */
export function tasks(): readonly TaskInfo[] {
  return describeAll([...roots()] as GroupNode[]);
}

/**
 * The tree of {@linkcode tasks} as text, a line for each. Tasks that wait for one another in a circle are marked: for results or for locks;
 * they may still go on if they wait for something else beside that.
 *
 * @example
 * ```ts
 * import { formatTasks, group, sleep } from "@millrace/millrace";
 *
 * await group(async (g) => {
 *   g.spawn(() => sleep(5), { name: "reader" });
 *   await sleep(1);
 *   console.log(formatTasks());
 * }, { name: "server" });
 * ```
 */
export function formatTasks(): string {
  const lines: string[] = [];
  const roots = tasks();
  const cycles = new Map(cyclesOf(flattened(roots)).flatMap((cycle) => cycle.map((name) => [name, cycle])));
  const open: Printed[] = roots.map((info) => ({ info, first: "", rest: "", depth: 0 })).reverse();
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { info, first, rest, depth } = next;
    const cycle = cycles.get(info.name);
    lines.push(first + describeLine(info) + (cycle === undefined ? "" : `, in a circle: ${cycle.join(" -> ")}`));
    const isDeep = depth >= deepest;
    const children = info.children.map((child, index) => {
      const isLast = index === info.children.length - 1;
      if (isDeep) return { info: child, first: `${rest}(depth ${depth + 1}) `, rest, depth: depth + 1 };
      return {
        info: child,
        first: rest + (isLast ? "└─ " : "├─ "),
        rest: rest + (isLast ? "   " : "│  "),
        depth: depth + 1,
      };
    });
    for (const child of children.reverse()) open.push(child);
  }
  return lines.join("\n");
}

/** All in the trees, those further out first. */
function flattened(roots: readonly TaskInfo[]): TaskInfo[] {
  const found = [...roots];
  // The list grows while it is gone through.
  for (const info of found) for (const child of info.children) found.push(child);
  return found;
}

/** Below this depth lines are not indented any further, and say their depth: a text of 10,000 levels would be none. */
const deepest = 30;

/** A line that is still to be printed, with what stands before it, and before those below it. */
interface Printed {
  readonly info: TaskInfo;
  readonly first: string;
  readonly rest: string;
  readonly depth: number;
}

function describeLine({ kind, name, state, age, waitingFor, deadline }: TaskInfo): string {
  const parts = [kind === "group" ? `${name} (group)` : name, state, seconds(age)];
  if (waitingFor !== undefined) parts.push(`waiting for ${waitingFor}`);
  if (deadline !== Infinity) parts.push(`deadline in ${seconds(deadline - loop().timers.now())}`);
  return parts.join(", ");
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** Groups and tasks with all that is in them; by a list and not by calls, because they may be 100,000 deep. */
function describeAll(scopes: readonly (GroupNode | TaskNode)[]): TaskInfo[] {
  const described: TaskInfo[] = [];
  const open = scopes.map((scope) => ({ scope, into: described }));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const children: TaskInfo[] = [];
    const { info, inner } = describe(next.scope, children);
    next.into.push(info);
    // The last comes first out of the list, and members stand youngest first.
    for (const scope of inner) open.push({ scope, into: children });
  }
  return described.reverse();
}

/** One of them, and those directly in it, youngest first. */
function describe(
  scope: GroupNode | TaskNode,
  children: readonly TaskInfo[],
): { info: TaskInfo; inner: (GroupNode | TaskNode)[] } {
  const { inner, waits, deadline } = partsOf(scope);
  const isTask = scope instanceof TaskNode;
  const info: TaskInfo = {
    kind: isTask ? "task" : "group",
    name: scope.name,
    state: isTask ? scope.state : stateOf(scope),
    priority: priorityOf(scope.lane),
    age: ageOf(scope),
    blockedBy: waits.flatMap(({ heldBy }) => heldBy),
    waitingFor: isTask ? scope.waitsToStart ?? waitingFor(waits) : waitingFor(waits),
    deadline,
    children,
  };
  return { info, inner };
}
