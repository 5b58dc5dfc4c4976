/**
 * The inheritance of priorities: what is queued for a flow of control moves when its lane changes.
 *
 * @module
 */

import { loop } from "../queue/loop.ts";
import { Scope } from "../scopes/scope.ts";
import { coreOf } from "../scopes/task.ts";
import { Wait } from "./wait.ts";

/** The scopes whose queued entries are still to be moved: a list, because tasks that await one another may be 100,000 deep. */
const toMove: [scope: Scope, lane: number][] = [];
let isMoving = false;

/**
 * Moves what is queued for the flow of control in `scope` into another lane, because somebody more urgent has begun to wait for
 * it, or ceased to. Those it waits for in turn follow: tasks that it awaits, and those of its groups, which it cannot leave before
 * them.
 */
export function moveQueued(scope: Scope, lane: number): void {
  toMove.push([scope, lane]);
  // What is moved asks for more to be moved.
  if (isMoving) return;
  isMoving = true;
  try {
    for (let next = toMove.pop(); next !== undefined; next = toMove.pop()) moveIn(...next);
  } finally {
    isMoving = false;
  }
}

function moveIn(scope: Scope, lane: number): void {
  const { queue } = loop();
  const { owner } = scope;
  for (let turn = owner?.turns; owner === (scope as unknown) && turn !== undefined; turn = turn.older) {
    queue.move([turn], lane);
  }
  for (let member = scope.members; member !== undefined; member = member.after) {
    if (member instanceof Scope) {
      if (member.isTask) coreOf(member.owner!.handle!).relane();
      else moveQueued(member, lane);
      continue;
    }
    queue.move([member], member.isContinuation ? lane + 1 : lane);
    if (member instanceof Wait && typeof member.what === "object") coreOf(member.what).relane();
  }
}
