/**
 * What the tasks of a simulation wait for, found in the tree of scopes.
 *
 * @module
 */

import type { Entry } from "../queue/entry.ts";
import { roots } from "../scopes/current_scope.ts";
import { type Member, pathOf, Scope } from "../scopes/scope.ts";
import { Task } from "../scopes/task.ts";
import { TaskNode } from "../tasks/task_node.ts";
import { AnyWait } from "../waits/wait.ts";

/** A wait that a look at the tree of scopes has found. */
export interface FoundWait {
  readonly wait: Entry;
  /** Whose wait it is. */
  readonly scope: Scope;
  /** The path of the task, without numbers, which depend on what has run before. */
  readonly task: string;
  readonly waitingFor: string;
}

/** The waits in all groups, youngest first. */
export function waits(): FoundWait[] {
  const found: FoundWait[] = [];
  for (const scope of scopes()) {
    const task = pathWithoutNumbers(scope);
    for (
      let turn = scope.owner === (scope as unknown) ? scope.owner!.turns : undefined;
      turn !== undefined;
      turn = turn.older
    ) {
      found.push({ wait: turn, scope, task, waitingFor: "its turn" });
    }
    for (let member: Member | undefined = scope.members; member !== undefined; member = member.after) {
      if (!(member instanceof AnyWait)) continue;
      const { what } = member as AnyWait<unknown>;
      const waitingFor = withoutNumbers(what instanceof Task ? what.name : what ?? "something");
      found.push({ wait: member, scope, task, waitingFor });
    }
  }
  return found;
}

/** The tasks that have not begun, each as if it were a wait. */
export function startsToCome(): FoundWait[] {
  const found: FoundWait[] = [];
  for (const scope of scopes()) {
    if (!(scope instanceof TaskNode)) continue;
    const { waitsToStart } = scope;
    if (waitsToStart === undefined) continue;
    found.push({ wait: scope, scope, task: pathWithoutNumbers(scope), waitingFor: waitsToStart });
  }
  return found;
}

/** The names of a scope and those around it. */
export function pathWithoutNumbers(scope: Scope): string {
  return withoutNumbers(pathOf(scope));
}

function* scopes(): Generator<Scope> {
  const open: Scope[] = [...roots()];
  for (let scope = open.pop(); scope !== undefined; scope = open.pop()) {
    yield scope;
    for (let member: Member | undefined = scope.members; member !== undefined; member = member.after) {
      if (member instanceof Scope) open.push(member);
    }
  }
}

function withoutNumbers(name: string): string {
  return name.replace(/#\d+/g, "");
}
