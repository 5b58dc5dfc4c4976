/**
 * Going through all that is alive, a part at a time: 100,000 tasks in one go would keep the loop from everything else.
 *
 * @module
 */

import { roots } from "../scopes/current_scope.ts";
import { type Member, Scope } from "../scopes/scope.ts";
import { GroupNode } from "../tasks/group_node.ts";
import { TaskNode } from "../tasks/task_node.ts";
import { type Parts, partsOf } from "./task_parts.ts";

/** How many groups and tasks are gone through in one part: few, because in code that is new to the host each takes some 40 us. */
const perPart = 32;

/** What is done with what is found; those around come first, and of those in one the oldest. */
export interface TaskVisitor {
  /** A group; `around` is the group that it is in. */
  group(group: GroupNode, around: GroupNode | undefined): void;
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
  const open: { readonly members: Iterator<Scope>; readonly group: GroupNode | undefined }[] = [
    { members: [...roots()].values(), group: undefined },
  ];
  let left = perPart;
  for (let at = open.at(-1); at !== undefined; at = open.at(-1)) {
    const { done, value: scope } = at.members.next();
    if (done) {
      open.pop();
      continue;
    }
    if (scope.closed || hidden.has(scope)) continue;
    const { group } = at;
    if (scope instanceof GroupNode) {
      visitor.group(scope, group);
      open.push({ members: new Members(scope), group: scope });
    } else {
      const parts = partsOf(scope);
      if (scope instanceof TaskNode) visitor.task(scope, group!, parts);
      open.push({ members: parts.inner.reverse().values(), group });
    }
    if (--left > 0) continue;
    yield;
    left = perPart;
  }
}

/**
 * The scopes directly in a group, oldest first. There may be 100,000, so that no list is made of them; and any of them, also the one that
 * comes next, may leave between two steps.
 */
class Members implements Iterator<Scope> {
  readonly #group: GroupNode;
  #next: Member | undefined;
  /** The number of the last task that was given: those that are younger have greater ones. */
  #last = 0;
  /** What was given that is no task. */
  readonly #others: Set<Member> = new Set();

  constructor(group: GroupNode) {
    this.#group = group;
    this.#next = this.#oldest;
  }

  get #oldest(): Member | undefined {
    return this.#group.members?.before;
  }

  next(): IteratorResult<Scope> {
    // From one that has left nothing leads on: those that were given are passed over.
    let member = this.#next?.isMember === false ? this.#oldest : this.#next;
    for (; member !== undefined; member = this.#next) {
      this.#next = member === this.#group.members ? undefined : member.before;
      if (member instanceof TaskNode) {
        if (member.id <= this.#last) continue;
        this.#last = member.id;
        return { done: false, value: member };
      }
      if (!(member instanceof Scope) || this.#others.has(member)) continue;
      this.#others.add(member);
      return { done: false, value: member };
    }
    return { done: true, value: undefined };
  }
}
