/**
 * The handle of a request as a task: what `currentTask()` gives in its handler.
 *
 * @module
 */

import { type Priority, priorityOf } from "../../scheduler/queue/priority.ts";
import { currentScope } from "../../scheduler/scopes/current_scope.ts";
import { StructureError, TaskCancelledError } from "../../scheduler/scopes/errors.ts";
import { toCaller } from "../../scheduler/scopes/exit.ts";
import { makeTask, type Task, type TaskCore, type TaskState } from "../../scheduler/scopes/task.ts";
import type { GroupNode } from "../../scheduler/tasks/group_node.ts";
import { nextTaskId } from "../../scheduler/tasks/task_node.ts";
import { interruptible } from "../../scheduler/waits/interruptible.ts";

/** A request is a group without a task of its own: few handlers ask for one, and it is made when first asked for. */
export class RequestTask implements TaskCore {
  readonly id: number = nextTaskId();
  readonly handle: Task<unknown> = makeTask(this);
  readonly #request: GroupNode;
  #result: Promise<unknown> | undefined = undefined;

  constructor(request: GroupNode) {
    this.#request = request;
  }

  get name(): string {
    return `${this.#request.name}#${this.id}`;
  }

  get state(): TaskState {
    const { closed, failures, effective } = this.#request;
    if (!closed) return effective === undefined ? "running" : "cancelling";
    if (failures.length > 0) return "rejected";
    return effective === undefined ? "fulfilled" : "cancelled";
  }

  get priority(): Priority {
    return priorityOf(this.#request.lane);
  }

  get signal(): AbortSignal {
    return this.#request.signal;
  }

  /** Fulfils with nothing: the response is the client's. */
  get result(): Promise<unknown> {
    if (this.#result === undefined) {
      this.#result = new Promise<unknown>((resolve, reject) => {
        const settle = (): void => {
          const { failures, effective } = this.#request;
          if (this.state === "fulfilled") resolve(undefined);
          else reject(this.state === "rejected" ? failures[0] : new TaskCancelledError(this.handle, effective));
        };
        if (this.#request.closed) settle();
        else this.#request.whenClosed(settle);
      });
      this.#result.catch(() => {});
    }
    return this.#result;
  }

  cancel(source: "cancel", reason: unknown): void {
    this.#request.cancel(source, reason);
  }

  join(): Promise<unknown> {
    for (let scope = currentScope(); scope !== undefined; scope = scope.parent) {
      if (scope !== this.#request) continue;
      return Promise.reject(new StructureError(`${this.name} is awaited from within: it would never end`));
    }
    return interruptible(this.result);
  }

  follow(react: (end: Promise<unknown>) => Promise<unknown>): Promise<unknown> {
    return toCaller(react(this.join()));
  }

  /** The turns of a request stay in the lane of its server. */
  relane(): void {}
}
