/**
 * Groups: scopes that own tasks and end only after all of them have ended.
 *
 * @module
 */

import { checkCount, checkDuration, checkFunction, checkName, checkOptions } from "./check.ts";
import { Cancelled, type CancelSource, StructureError } from "./errors.ts";
import { GroupNode, type GroupSettings, type Outcome } from "./group_node.ts";
import { printAs } from "./inspect.ts";
import { checkSignal } from "./join_signal.ts";
import { checkPriority, laneOf, type Priority } from "./run_queue.ts";
import { currentScope } from "./scope.ts";
import type { Task } from "./task.ts";

export type { Outcome };

/** How a group is to be. */
export interface GroupOptions {
  /** A name for messages and the task tree. */
  name?: string;
  /** Cancels the group when aborted; `group` then rejects with the signal's reason itself. */
  signal?: AbortSignal;
  /** Cancels the group after so many ms; `group` then rejects with `TimeoutError`. Default: never. */
  timeout?: number;
  /** How many tasks run at once, daemons included; further ones wait in the order of their spawning. Default: no limit. */
  limit?: number;
  /** The priority of the group's tasks. Default: that of the current task, else "user-visible". */
  priority?: Priority;
}

/** How a task is to be. */
export interface SpawnOptions {
  /** A name for messages and the task tree. Default: that of the function. */
  name?: string;
  /** The priority of the task's turns. Default: that of the group. */
  priority?: Priority;
  /** A daemon does not keep its group open: it is cancelled when all other tasks have ended. Default: false. */
  daemon?: boolean;
}

/** The numbers of a group at one moment. */
export interface GroupStatistics {
  /** Tasks spawned so far. */
  readonly spawned: number;
  /** Tasks that have not ended. */
  readonly live: number;
  /** Tasks that hold a slot of the limit: running, or about to have their first turn. */
  readonly running: number;
  /** Tasks that wait for a slot. */
  readonly queued: number;
  /** Failures so far. */
  readonly failures: number;
}

/**
 * Runs `body` at once with a new group and waits for all tasks spawned in it; resolves to what the body returns.
 *
 * The first failure, of the body or of a task, cancels the rest; when all have ended the promise rejects with that
 * failure itself, and {@linkcode suppressed} has those that came later. A cancellation from around the group reaches
 * its tasks, and is thrown on when they have ended. `group.cancel()` ends the group without an error.
 *
 * @param body What to run; it gets the group. Its end does not end the group while tasks run.
 * @param options See {@linkcode GroupOptions}.
 * @throws {TypeError} or {RangeError} at the call, for arguments of a wrong kind or range.
 * @throws {TimeoutError} (rejection) when `options.timeout` has passed.
 *
 * @example
 * ```ts
 * import { group, sleep } from "@millrace/millrace";
 *
 * await group(async (g) => {
 *   g.spawn(async () => {
 *     await sleep(10);
 *     console.log("second");
 *   });
 *   g.spawn(() => console.log("first"));
 * });
 * console.log("all tasks have ended");
 * ```
 */
export function group<T>(body: (group: TaskGroup) => T | PromiseLike<T>, options: GroupOptions = {}): Promise<T> {
  checkFunction(body, "The body of a group");
  const settings = checkGroupOptions(options);
  if (settings.signal?.aborted) return Promise.reject(settings.signal.reason);
  const node = new GroupNode(currentScope(), settings);
  return node.runBody(body, adoptGroup(node));
}

/** The machinery of a group; for the other rooms of the house. */
export let groupNode: (group: TaskGroup) => GroupNode;

/**
 * A scope that owns tasks. {@linkcode group} makes one and runs a body in it, which is the primary form: only it can
 * know whether the body failed. `new TaskGroup()` is for `await using`:
 *
 * @example
 * ```ts no-run
 * import { TaskGroup } from "@millrace/millrace";
 *
 * await using g = new TaskGroup();
 * g.spawn(() => console.log("working"));
 * await g.join();
 * ```
 */
export class TaskGroup {
  readonly #node: GroupNode;
  #joined: Promise<void> | undefined = undefined;

  /** Opens a group in the current scope; it has to be ended with {@linkcode join} or by its disposal. */
  constructor(options: GroupOptions = {}) {
    this.#node = adopted ?? new GroupNode(currentScope(), checkGroupOptions(options));
    adopted = undefined;
  }

  static {
    groupNode = (group) => group.#node;
    printAs(TaskGroup, (group) => `TaskGroup(${group.name}, ${group.#node.phase}, ${group.size} live)`);
  }

  /** The name given to the group. */
  get name(): string {
    return this.#node.name;
  }

  /** How many tasks have not ended. */
  get size(): number {
    return this.#node.live;
  }

  /** Has the group ended? Then nothing can be spawned in it any more. */
  get closed(): boolean {
    return this.#node.phase === "closed";
  }

  /** All failures so far, in order, primitives too. */
  get failures(): readonly unknown[] {
    return this.#node.failures;
  }

  /** Aborted when the group is cancelled, with its `Cancelled`; made when first read. */
  get signal(): AbortSignal {
    return this.#node.signal;
  }

  /**
   * Makes a task that runs `fn` in a turn of its own, by priority. It sees the async context of the caller.
   *
   * A failure of the task cancels the rest of the group. In a cancelled group the task never starts.
   *
   * @throws {StructureError} when the group has ended.
   * @throws {TypeError} for arguments of a wrong kind.
   */
  spawn<T>(fn: (task: Task<T>) => T | PromiseLike<T>, options?: SpawnOptions): Task<T> {
    checkFunction(fn, "The function of a task");
    const start = fn as (task: Task<unknown>) => unknown;
    if (options === undefined) return this.#node.spawn(start, undefined, this.#node.lane, false).handle as Task<T>;
    checkOptions(options);
    checkName(options.name);
    checkPriority(options.priority);
    const lane = options.priority === undefined ? this.#node.lane : laneOf(options.priority);
    return this.#node.spawn(start, options.name, lane, options.daemon === true).handle as Task<T>;
  }

  /** Like {@linkcode spawn}, but a failure is a result, and the group goes on; a cancellation is none. */
  attempt<T>(
    fn: (task: Task<PromiseSettledResult<T>>) => T | PromiseLike<T>,
    options?: SpawnOptions,
  ): Task<PromiseSettledResult<T>> {
    checkFunction(fn, "The function of a task");
    async function settled(task: Task<PromiseSettledResult<T>>): Promise<PromiseSettledResult<T>> {
      try {
        return { status: "fulfilled", value: await fn(task) };
      } catch (reason) {
        if (reason instanceof Cancelled && currentScope()?.effective !== undefined) throw reason;
        return { status: "rejected", reason };
      }
    }
    return this.spawn(settled, { ...options, name: options?.name ?? (fn.name || "task") });
  }

  /**
   * Registers a function for the end of the group: after all tasks have ended the functions run, last in, first out,
   * each awaited, shielded from cancellation. What one throws is a failure of the group. In a closed group it runs at once.
   */
  defer(cleanup: (outcome: Outcome) => void | PromiseLike<void>): void {
    checkFunction(cleanup, "A deferred function");
    this.#node.defer(cleanup);
  }

  /**
   * Cancels the group's tasks and its body, and ends the group without an error. A second call, or one after the end,
   * does nothing.
   */
  cancel(reason?: unknown): void {
    this.#node.cancel("cancel", reason);
  }

  /**
   * Waits for all tasks and ends the group; rejects with its first failure. For groups made with `new`; a second call
   * gives the same promise. In the body of `group()` it only waits for the tasks there are.
   */
  join(): Promise<void> {
    if (this.#node.phase === "open" || this.#joined !== undefined) return this.#joined ??= this.#node.end(undefined);
    return Promise.resolve();
  }

  /** The numbers of the group at this moment. */
  statistics(): GroupStatistics {
    const { spawned, live, running, queued, failures } = this.#node;
    return Object.freeze({ spawned, live, running, queued, failures: failures.length });
  }

  /**
   * Ends the group. If it was not joined while tasks run, they are cancelled and awaited, then `StructureError` is
   * thrown, because leaving a block does not tell whether it failed.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#joined !== undefined) return await this.#joined.catch(() => {});
    const left = this.#node.live;
    if (left > 0) this.#node.cancel("cancel", "the group was left without join");
    await this.join();
    if (left > 0) throw new StructureError(`${this.name} was left without join while ${left} of its tasks ran`);
  }
}

/** The node the next group is made around, when `group()` makes one. */
let adopted: GroupNode | undefined;

/** The public face of a group that was made elsewhere; for the other rooms of the house. */
export function adoptGroup(node: GroupNode): TaskGroup {
  adopted = node;
  return new TaskGroup();
}

/** Cancels a group in the name of somebody else; for the other rooms of the house. */
export function cancelGroup(group: TaskGroup, source: CancelSource, reason?: unknown): void {
  groupNode(group).cancel(source, reason);
}

function checkGroupOptions(options: GroupOptions): GroupSettings {
  checkOptions(options);
  const { name, signal, timeout, limit = Infinity, priority } = options;
  checkName(name);
  checkSignal(signal);
  if (timeout !== undefined) checkDuration(timeout, "The timeout of a group");
  checkCount(limit, "The limit of a group", 1);
  checkPriority(priority);
  const lane = priority === undefined ? currentScope()?.owner?.lane ?? laneOf("user-visible") : laneOf(priority);
  return { name, signal, timeout, limit, lane };
}
