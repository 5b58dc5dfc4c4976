/**
 * The errors of tasks, groups and scopes.
 *
 * @module
 */

import type { Task } from "./task.ts";

/** Who asked for a cancellation. */
export type CancelSource = "cancel" | "deadline" | "sibling" | "signal" | "shutdown" | "disconnect";

/**
 * What a checkpoint throws in a cancelled scope. Its name is "AbortError", so that code written for `AbortSignal`
 * takes it for what it is. The scope that was cancelled absorbs it; catch it only to clean up, then throw it on.
 *
 * One cancellation throws the same object everywhere, so that 100,000 tasks can be cancelled without as many stacks.
 *
 * @example
 * ```ts
 * import { Cancelled, CancelScope, sleep } from "@millrace/millrace";
 *
 * const scope = new CancelScope();
 * await scope.run(async () => {
 *   scope.cancel("no longer needed");
 *   try {
 *     await sleep(1000);
 *   } catch (error) {
 *     console.log(error instanceof Cancelled, (error as Cancelled).reason);
 *     throw error;
 *   }
 * });
 * ```
 */
export class Cancelled extends Error {
  /** "AbortError", as an aborted `AbortSignal` gives it. */
  override readonly name = "AbortError";
  /** What was given as the reason: anything, even `null`; `undefined` when nothing was given. */
  readonly reason: unknown;
  /** Who asked: a call of `cancel`, a deadline, a failing sibling, a foreign signal, the end of the program or a client. */
  readonly source: CancelSource;
  /** The task whose failure made its group cancel the others, when `source` is "sibling" and a task failed. */
  readonly task: Task<unknown> | undefined;

  /** Made by the library when a scope is cancelled. */
  constructor(source: CancelSource, reason?: unknown, task?: Task<unknown>) {
    super(describe(source, reason, task), { cause: reason });
    this.reason = reason;
    this.source = source;
    this.task = task;
  }
}

/**
 * Is an error that was thrown in a cancelled scope only what came of its cancellation? What hosts throw when a signal of
 * ours is aborted is an "AbortError" of their own with some APIs (timers, files, events), and the signal's reason with others.
 */
export function isAbort(error: unknown): boolean {
  try {
    return error instanceof Cancelled || (error as Error | null | undefined)?.name === "AbortError";
  } catch {
    // Anything can be thrown: a revoked proxy, an error whose name cannot be read.
    return false;
  }
}

/** Is an error a {@linkcode Cancelled}? Whatever was thrown, this is answered. */
export function isCancellation(error: unknown): error is Cancelled {
  return isObject(error) && is(Cancelled, error);
}

/** Is an error a {@linkcode TaskCancelledError}? Whatever was thrown, this is answered. */
export function isTaskCancelled(error: unknown): error is TaskCancelledError {
  return isObject(error) && is(TaskCancelledError, error);
}

function is(kind: new (...args: never) => unknown, error: object): boolean {
  try {
    return error instanceof kind;
  } catch {
    return false;
  }
}

function describe(source: CancelSource, reason: unknown, task: Task<unknown> | undefined): string {
  switch (source) {
    case "deadline":
      return "Cancelled by a deadline";
    case "sibling":
      return task === undefined ? "Cancelled because the group's body failed" : `Cancelled because ${task.name} failed`;
    case "signal":
      return "Cancelled by an AbortSignal";
    case "shutdown":
      return "Cancelled by the end of the program";
    case "disconnect":
      return "Cancelled because the client disconnected";
    default:
      return typeof reason === "string" ? `Cancelled: ${reason}` : "Cancelled";
  }
}

/** Awaiting a task that was cancelled throws this; it is not a {@linkcode Cancelled}, which would be the awaiter's own. */
export class TaskCancelledError extends Error {
  /** "TaskCancelledError". */
  override readonly name = "TaskCancelledError";
  /** The task that was cancelled. */
  readonly task: Task<unknown>;

  /** Made by the library; `cause` is the task's {@linkcode Cancelled}. */
  constructor(task: Task<unknown>, cause: unknown) {
    super(`The awaited ${task.name} was cancelled`, { cause });
    this.task = task;
  }
}

/** A deadline passed: thrown by `withTimeout`, by a `group` with a timeout and by an expired `shield`. */
export class TimeoutError extends Error {
  /** "TimeoutError". */
  override readonly name = "TimeoutError";
  /** The timeout that passed, in ms; `undefined` when it was given as a point in time. */
  readonly timeout: number | undefined;

  /** Made by the library. */
  constructor(what: string, timeout: number | undefined) {
    super(timeout === undefined ? `${what} reached its deadline` : `${what} timed out after ${timeout} ms`);
    this.timeout = timeout;
  }
}

/** Tasks, groups or scopes were used against their structure: entered twice, used after their end, left open. */
export class StructureError extends Error {
  /** "StructureError". */
  override readonly name = "StructureError";
}

/** A task that has not ended although its group was to end. */
export interface UnfinishedTask {
  /** The task's name. */
  readonly name: string;
  /** The names of the groups and tasks around it and its own, outermost first, joined by " > ". */
  readonly path: string;
  /** How long ago it was spawned, in ms. */
  readonly age: number;
  /** Where it was spawned, as a line of a stack; known in groups with a finite `teardownTimeout`, but not in a bundle. */
  readonly spawnedAt: string | undefined;
}

/**
 * A group did not end within its `teardownTimeout`; `cause` is its first failure, if it had one. The tasks go on, cancelled, and are
 * listed by `tasks()` as abandoned until they end.
 */
export class TeardownError extends Error {
  /** "TeardownError". */
  override readonly name = "TeardownError";
  /** The tasks that have not ended. */
  readonly tasks: readonly UnfinishedTask[];

  /** Made by the library. */
  constructor(message: string, tasks: readonly UnfinishedTask[], cause: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.tasks = tasks;
  }
}

/** Can a value be the key of a map that keeps nothing alive? */
export function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}
