/**
 * The machinery of the combinators: a group whose tasks have places, and a rule for what the end of one means.
 *
 * ```
 *   running ──the rule says so──> decided (the rest is cancelled) ──all have ended──> settled
 *      └──a failure, a cancellation──> like every group
 * ```
 *
 * The hooks of `GroupNode` that a combination has of its own, in the order in which they come when a task ends:
 *
 * ```
 *             childEnded                                 fail, called by `GroupNode` for a task that has failed
 *   running   the place is free, and the rule is asked:  not for a failure that the rule has dealt with;
 *             it decides, deals with a failure, or lets  any other cancels the rest, and is what the whole
 *             it be; then `GroupNode` counts the task    rejects with
 *   decided   no rule is asked, nothing is decided       tells `onUnhandled`: the result is settled
 *   cancelled no rule is asked                           like every group
 * ```
 *
 * A task that was cancelled by its own handle has failed, to the rule, with `TaskCancelledError`; if that does not deal with it,
 * `childEnded` calls `fail` itself.
 *
 * @module
 */

import { currentScope, deliver } from "../scopes/current_scope.ts";
import { isAbort, TaskCancelledError } from "../scopes/errors.ts";
import type { Task } from "../scopes/task.ts";
import { reportUnhandled } from "../scopes/unhandled.ts";
import { GroupNode } from "../tasks/group_node.ts";
import type { GroupSettings } from "../tasks/group_options.ts";
import type { TaskNode } from "../tasks/task_node.ts";

/** What the end of one task means to the others; each function may decide the combination or let it fail. */
export interface Rule {
  fulfilled(value: unknown, index: number, combination: Combination): void;
  /** Answers whether the error is dealt with; else it is the failure of the whole. */
  rejected(error: unknown, index: number, combination: Combination): boolean;
}

/** A group whose tasks have places. */
export class Combination extends GroupNode {
  readonly #rule: Rule;
  readonly #places = new Map<TaskNode, number>();
  #decided = false;
  /** The task whose failure the rule has dealt with, while it ends. */
  #dealtWith: TaskNode | undefined = undefined;

  constructor(settings: GroupSettings, rule: Rule) {
    super(currentScope(), settings);
    this.#rule = rule;
  }

  /** Spawns the task of a place. */
  add(fn: (task: Task<unknown>) => unknown, index: number, name?: string): void {
    this.#places.set(this.spawn(fn, { name, lane: this.lane }), index);
  }

  /** Nothing that is still running counts any more. */
  decide(reason: string): void {
    this.#decided = true;
    this.cancel("cancel", reason);
  }

  override childEnded(node: TaskNode): void {
    const index = this.#places.get(node);
    this.#places.delete(node);
    if (index !== undefined && this.effective === undefined) this.#apply(node, index);
    super.childEnded(node);
  }

  /** The rule has been asked about the failure of a task before the group takes notice of it. */
  override fail(error: unknown, node?: TaskNode): void {
    if (node !== undefined && this.#dealtWith === node) return;
    // The result is on its way: what fails after that can be neither thrown nor returned.
    if (this.#decided) reportLate(error, this);
    else super.fail(error, node);
  }

  #apply(node: TaskNode, index: number): void {
    if (node.state === "fulfilled") return this.#rule.fulfilled(node.outcome, index, this);
    const cancelled = node.state === "cancelled";
    const error = cancelled ? new TaskCancelledError(node.handle, node.outcome) : node.outcome;
    if (this.#rule.rejected(error, index, this)) this.#dealtWith = node;
    else if (cancelled) this.fail(error, node);
  }
}

/** Spawns all functions, each in its place, and settles when all have ended. */
export function runAll(node: Combination, fns: readonly ((task: Task<unknown>) => unknown)[]): Promise<void> {
  return node.runBody(spawnAll, fns);

  function spawnAll(): void {
    if (node.effective !== undefined) throw deliver(node);
    fns.forEach((fn, index) => node.add(fn, index));
  }
}

/** An error after the decision: loud, unless it only says that the work was aborted, as it was asked to be. */
export function reportLate(error: unknown, node: GroupNode): void {
  if (!isAbort(error)) reportUnhandled(error, node);
}
