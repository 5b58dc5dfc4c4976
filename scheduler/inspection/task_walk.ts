/**
 * Going through all that is alive, a part at a time: 100,000 tasks in one go would keep the loop from everything else.
 *
 * @module
 */

import { roots } from "../scopes/current_scope.ts";
import type { Scope } from "../scopes/scope.ts";
import { GroupNode } from "../tasks/group_node.ts";
import type { TaskNode } from "../tasks/task_node.ts";
import { type Parts, partsOf } from "./task_parts.ts";

/** How many groups and tasks are gone through in one part. */
const perPart = 256;

/** What is done with what is found; those around come first, and of those in one the oldest. */
export interface TaskVisitor {
  /** A group; `around` is the group that it is in. */
  group(group: GroupNode, around: GroupNode | undefined, parts: Parts): void;
  task(task: TaskNode, group: GroupNode, parts: Parts): void;
}

/** Groups that are not to be seen: those of whoever looks. */
const hidden = new WeakSet<Scope>();

/** From now on a group is not seen by those who look, nor what is in it. */
export function hideGroup(group: Scope): void {
  hidden.add(group);
}

/**
 * Visits the groups and tasks that are alive, and yields after each part. What ends meanwhile may be visited or not, and so may what
 * begins; everything else is visited once.
 */
export function* walkTasks(visitor: TaskVisitor): Generator<void> {
  const open: { scope: GroupNode | TaskNode; group: GroupNode | undefined }[] = [];
  for (const group of roots() as Set<GroupNode>) open.push({ scope: group, group: undefined });
  open.reverse();
  let left = perPart;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { scope, group } = next;
    if (scope.closed || hidden.has(scope)) continue;
    const parts = partsOf(scope);
    const isGroup = scope instanceof GroupNode;
    if (isGroup) visitor.group(scope, group, parts);
    else visitor.task(scope, group!, parts);
    // Members stand youngest first, and the last of the list comes next.
    for (const inner of parts.inner) open.push({ scope: inner, group: isGroup ? scope : group });
    if (--left > 0) continue;
    yield;
    left = perPart;
  }
}
