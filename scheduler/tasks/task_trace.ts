/**
 * What observers are told of tasks.
 *
 * @module
 */

import { type DiagnosticsChannel, openChannel } from "../../runtime/system/diagnostics.ts";
import { pathOf, type Scope } from "../scopes/scope.ts";
import type { Task, TaskState } from "../scopes/task.ts";

/**
 * A task as those see it who subscribe to the channels `millrace.task.spawn`, `millrace.task.start` and `millrace.task.end` of
 * `node:diagnostics_channel`. The first is told in the flow of control that spawns the task. The second is told in that of the task,
 * before its function: a store that is bound to that channel (`bindStore`) is the task's. A task that is cancelled before its first turn
 * ends without having started.
 */
export interface TaskTrace {
  /** The task: the same object in all of its messages. */
  readonly task: Task<unknown>;
  /** The names of the groups and tasks around it, outermost first, joined by " > ". Who spawns it is `currentTask()` in the first message. */
  readonly path: string;
  /** In the last message: the error of a task that failed, or the cancellation of one that was cancelled. `task.state` tells which. */
  readonly error: unknown;
}

/** A task, as far as it is told of. */
interface ObservedTask {
  readonly handle: Task<unknown>;
  readonly parent: Scope | undefined;
  readonly state: TaskState;
  readonly outcome: unknown;
}

/** Each opened when first used. Plain variables: what nobody listens to is to cost nothing, and the check is made for each task. */
let spawned: DiagnosticsChannel | undefined;
let started: DiagnosticsChannel | undefined;
let ended: DiagnosticsChannel | undefined;

/** A class, because its path is asked for by few. */
class Message implements TaskTrace {
  readonly task: Task<unknown>;
  readonly #node: ObservedTask;

  constructor(node: ObservedTask) {
    this.task = node.handle;
    this.#node = node;
  }

  get path(): string {
    return pathOf(this.#node.parent);
  }

  get error(): unknown {
    const { state, outcome } = this.#node;
    return state === "fulfilled" ? undefined : outcome;
  }
}

/** A task was made. */
export function tellSpawned(node: ObservedTask): void {
  if ((spawned ??= openChannel("task.spawn")).hasSubscribers) spawned.publish(new Message(node));
}

/** Does anybody listen to what starts? Asked where the function is called: one call more for each task would show in what it costs. */
export function isStartTold(): boolean {
  return (started ??= openChannel("task.start")).hasSubscribers;
}

/** Tells that a task starts, and calls its function. */
export function callTold(node: ObservedTask, fn: (task: Task<unknown>) => unknown): unknown {
  return started!.runStores(new Message(node), fn, undefined, node.handle);
}

/** A task has ended. */
export function tellEnded(node: ObservedTask): void {
  if ((ended ??= openChannel("task.end")).hasSubscribers) ended.publish(new Message(node));
}
