/**
 * What observers are told of tasks.
 *
 * @module
 */

import { type LazyChannel, lazyChannel } from "../../runtime/system/diagnostics.ts";
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
  /** The task around its group; `undefined` at the top. Who spawns it is `currentTask()` in the first message. */
  readonly parent: Task<unknown> | undefined;
  /** The names of the groups and tasks around it, outermost first, joined by " > ". */
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

/** Where it is told that a task was made, that it begins, and that it has ended. */
export const spawned: LazyChannel = lazyChannel("millrace.task.spawn");
const started = lazyChannel("millrace.task.start");
export const ended: LazyChannel = lazyChannel("millrace.task.end");

/** A class, because its path is asked for by few. */
class Message implements TaskTrace {
  readonly task: Task<unknown>;
  readonly #node: ObservedTask;

  constructor(node: ObservedTask) {
    this.task = node.handle;
    this.#node = node;
  }

  get parent(): Task<unknown> | undefined {
    return this.#node.parent?.owner?.handle;
  }

  get path(): string {
    return pathOf(this.#node.parent);
  }

  get error(): unknown {
    const { state, outcome } = this.#node;
    return state === "rejected" || state === "cancelled" ? outcome : undefined;
  }
}

/** Tells of a task, if anybody listens. */
export function tell(channel: LazyChannel, node: ObservedTask): void {
  if (channel().hasSubscribers) channel().publish(new Message(node));
}

/** Calls the function of a task, and tells so before. */
export function callTold(node: ObservedTask, fn: (task: Task<unknown>) => unknown): unknown {
  const { handle } = node;
  return started().hasSubscribers ? started().runStores(new Message(node), fn, undefined, handle) : fn(handle);
}
