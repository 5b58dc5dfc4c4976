/**
 * The handle of a task.
 *
 * @module
 */

import { printAs } from "../../runtime/basics/inspect.ts";
import type { Priority } from "../queue/priority.ts";

/**
 * Where a task stands: waiting for its first turn, running, asked to end, or ended in one of three ways.
 */
export type TaskState = "queued" | "running" | "cancelling" | "fulfilled" | "rejected" | "cancelled";

/** What a handle, and whoever holds one, needs of the machinery behind it. */
export interface TaskCore {
  readonly name: string;
  readonly id: number;
  readonly state: TaskState;
  readonly priority: Priority;
  readonly signal: AbortSignal;
  readonly result: Promise<unknown>;
  cancel(source: "cancel", reason: unknown): void;
  /** Waits for the end, as a checkpoint of the caller. */
  join(): Promise<unknown>;
  /**
   * The same, and gives what `react` makes of the promise: a cancellation that comes out of that is nothing to be told of if nobody
   * awaits it.
   */
  follow(react: (end: Promise<unknown>) => Promise<unknown>): Promise<unknown>;
  /** Brings the lane up to date after that of one who awaits the task, or of the task around its group, has changed. */
  relane(): void;
}

/** Makes the handle of a task; only the machinery may. */
export let makeTask: (core: TaskCore) => Task<unknown>;

/** The machinery of a task; for the other rooms of the house. */
export let coreOf: (task: Task<unknown>) => TaskCore;

/**
 * One async function with a parent group, a name, a state and a result. Tasks are made by `TaskGroup.spawn`.
 *
 * A task is awaitable, late and more than once. `await task` is a checkpoint: if the awaiter is cancelled it throws
 * the awaiter's `Cancelled`; if the task was cancelled it throws `TaskCancelledError`; if the task failed, its error.
 * A failure also reaches the task's group, whether somebody awaits the task or not.
 *
 * @example
 * ```ts
 * import { group } from "@millrace/millrace";
 *
 * const sum = await group(async (g) => {
 *   const one = g.spawn(() => 1);
 *   const two = g.spawn(async () => 2);
 *   return await one + await two;
 * });
 * console.log(sum);
 * ```
 */
export class Task<T> implements Promise<T> {
  #core!: TaskCore;

  private constructor() {}

  static {
    makeTask = (core) => {
      const task = new Task<unknown>();
      task.#core = core;
      return task;
    };
    coreOf = (task) => task.#core;
    printAs(Task, (task) => `Task(${task.name}, ${task.state})`);
  }

  /** The name given to `spawn`, else that of its function, with the task's number. */
  get name(): string {
    return this.#core.name;
  }

  /** The task's number, unique in the process. */
  get id(): number {
    return this.#core.id;
  }

  /** Where the task stands. */
  get state(): TaskState {
    return this.#core.state;
  }

  /** The priority of the task's turns: its own, or that of the most urgent task that awaits it. */
  get priority(): Priority {
    return this.#core.priority;
  }

  /** Aborted when the task is cancelled, with its `Cancelled`; made when first read. */
  get signal(): AbortSignal {
    return this.#core.signal;
  }

  /**
   * Settles as the task ends; rejects with `TaskCancelledError` if it was cancelled. Unlike `await task` it is no
   * checkpoint, and it causes no unhandled rejection when nobody looks at it.
   */
  get result(): Promise<T> {
    return this.#core.result as Promise<T>;
  }

  /**
   * Asks the task to end: its next checkpoint, or the one it waits at, throws `Cancelled`. A task that is still queued
   * never starts. The others in its group go on. A second call, or one after the end, does nothing.
   */
  cancel(reason?: unknown): void {
    this.#core.cancel("cancel", reason);
  }

  /** Makes the task awaitable; see the class. */
  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?:
      | ((reason: Parameters<NonNullable<Parameters<Promise<T>["catch"]>[0]>>[0]) => B | PromiseLike<B>)
      | null,
  ): Promise<A | B> {
    // As `await` does it, which looks at nothing that is given back.
    if (typeof onRejected === "function") return (this.#core.join() as Promise<T>).then(onFulfilled, onRejected);
    return this.#core.follow((end) => (end as Promise<T>).then(onFulfilled)) as Promise<A | B>;
  }

  /** Like that of a promise. Waits for the task as `await` does, at a checkpoint. */
  catch<B = never>(
    onRejected?:
      | ((reason: Parameters<NonNullable<Parameters<Promise<T>["catch"]>[0]>>[0]) => B | PromiseLike<B>)
      | null,
  ): Promise<T | B> {
    return this.then(undefined, onRejected);
  }

  /** Like that of a promise. Waits for the task as `await` does, at a checkpoint. */
  finally(onFinally?: (() => void) | null): Promise<T> {
    return this.#core.follow((end) => end.finally(onFinally)) as Promise<T>;
  }

  /** "Task". */
  get [Symbol.toStringTag](): string {
    return "Task";
  }
}
