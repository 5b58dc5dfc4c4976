/**
 * What is directly in a task or a group, as people look at it.
 *
 * @module
 */

import { loop } from "../queue/loop.ts";
import { type Member, Scope } from "../scopes/scope.ts";
import { Task } from "../scopes/task.ts";
import { GroupNode } from "../tasks/group_node.ts";
import { TaskNode } from "../tasks/task_node.ts";
import { AnyWait } from "../waits/wait.ts";

/** The parts of a task or a group. */
export interface Parts {
  /** The groups and tasks directly in it, youngest first. */
  readonly inner: (GroupNode | TaskNode)[];
  /** What its own code waits for. */
  readonly waits: AnyWait<unknown>[];
  /** The earliest deadline of its own, in ms of the host's clock; `Infinity` for none. */
  readonly deadline: number;
}

/** The parts of a task, a group or another scope, those in its scopes included; of no more than the youngest so many members. */
export function partsOf(scope: Scope, most: number = Infinity): Parts {
  const inner: (GroupNode | TaskNode)[] = [];
  const waits: AnyWait<unknown>[] = [];
  let deadline = scope.deadline;
  const open: Scope[] = [scope];
  let left = most;
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (let member: Member | undefined = at.members; member !== undefined && left-- > 0; member = member.after) {
      if (member instanceof GroupNode || member instanceof TaskNode) inner.push(member);
      else if (member instanceof AnyWait) waits.push(member as AnyWait<unknown>);
      else if (member instanceof Scope) {
        deadline = Math.min(deadline, member.deadline);
        open.push(member);
      }
    }
  }
  return { inner, waits, deadline };
}

/** The state of a group. */
export function stateOf(group: GroupNode): "running" | "cancelling" | "abandoned" {
  if (group.abandoned) return "abandoned";
  return group.effective === undefined ? "running" : "cancelling";
}

/** What code waits for, in words; `undefined` if that is not known. */
export function waitingFor(waits: readonly AnyWait<unknown>[]): string | undefined {
  const named = waits.map(({ what }) => what instanceof Task ? what.name : what ?? "something").reverse();
  return named.length === 0 ? undefined : named.join(" and ");
}

/** For how long a task or a group has been there, in ms. */
export function ageOf(scope: GroupNode | TaskNode): number {
  return Math.max(0, loop().queue.stampNow() - scope.stamp);
}
