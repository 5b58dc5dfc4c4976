/**
 * Waits for tasks that could never end.
 *
 * @module
 */

import type { Scope } from "../scopes/scope.ts";
import { coreOf } from "../scopes/task.ts";
import { Wait } from "./wait.ts";

/** A task, as a scope. */
interface TaskScope extends Scope {
  readonly name: string;
}

/** How many tasks that wait for one another, and how many scopes around a wait, are looked at: 100,000 may be. */
const farthest = 100;

/**
 * Why a wait in `scope` for `task` could never end, as far as that can be known: the task is the waiting one itself or around it, or
 * waits for such a task in turn. That one is held up by another is known only where the wait for it is all that there is in it.
 */
export function whyNever(scope: Scope, task: TaskScope): string | undefined {
  const { owner } = scope;
  let at: TaskScope | undefined = task;
  for (let steps = 0; at !== undefined && steps < farthest; steps++) {
    if (at === (owner as unknown) || isAround(at, scope)) return describeCircle(scope, task, at);
    at = awaitedBy(at);
  }
  return undefined;
}

/** Apart, because a name is made when it is asked for, and a wait that can end needs none. */
function describeCircle(scope: Scope, first: TaskScope, last: TaskScope): string {
  const { owner } = scope;
  const isSelf = last === (owner as unknown);
  if (isSelf && first === last) return `${last.name} awaits itself: it would never end`;
  const names = [first.name];
  for (let at = first; at !== last; names.push(at.name)) at = awaitedBy(at)!;
  const waiting = owner?.handle?.name ?? "a wait outside any task";
  const isIn = isSelf ? "" : ", which it is in";
  return `${waiting} awaits ${names.join(", which awaits ")}${isIn}: none of them would ever end`;
}

/** Can a task not end before a scope has? A daemon, and what is in one, is cancelled for the end of the task around. */
function isAround(task: TaskScope, scope: Scope): boolean {
  // Only what has opened a group can have others in it.
  if (task.inner === 0) return false;
  let at: Scope | undefined = scope;
  for (let steps = 0; at !== undefined && steps < farthest; steps++) {
    if (at === task) return true;
    if ((at as { daemon?: boolean }).daemon) return false;
    at = at.parent;
  }
  return false;
}

/** The task that another one waits for, if it does nothing else. */
function awaitedBy(task: TaskScope): TaskScope | undefined {
  const { members, owner } = task;
  if (!(members instanceof Wait) || members.after !== undefined || owner?.turns !== undefined) return undefined;
  const { what } = members as Wait<unknown>;
  return typeof what === "object" ? coreOf(what) as unknown as TaskScope : undefined;
}
