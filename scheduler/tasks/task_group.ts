/**
 * Groups: scopes that own tasks and end only after all of them have ended.
 *
 * @module
 */

import { checkBoolean, checkFunction, checkName, checkOptions } from "../../runtime/basics/check.ts";
import { printAs } from "../../runtime/basics/inspect.ts";
import { checkPriority, laneCount, laneOf } from "../queue/priority.ts";
import { currentScope } from "../scopes/current_scope.ts";
import { isAbort, StructureError } from "../scopes/errors.ts";
import { abortedBy } from "../scopes/exit.ts";
import type { Scope } from "../scopes/scope.ts";
import type { Task } from "../scopes/task.ts";
import { interruptible } from "../waits/interruptible.ts";
import { endedBy, type WaitOptions } from "../waits/wait.ts";
import type { Cleanup, Outcome } from "./deferred.ts";
import { GroupNode } from "./group_node.ts";
import { checkGroupOptions, type GroupOptions, type SpawnOptions, spawnOptions } from "./group_options.ts";
import { type Starter, startIn } from "./start_handshake.ts";
import { TaskNode, type TaskSettings } from "./task_node.ts";

export type { GroupOptions, Outcome, SpawnOptions };

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
 * @throws {TeardownError} (rejection) when tasks go on `options.teardownTimeout` after their cancellation.
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
  if (settings.signal?.aborted) return abortedBy(settings.signal);
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
  /** Was it made by `group()`, which ends it? */
  readonly #isBlock: boolean;
  #joined: Promise<void> | undefined = undefined;

  /** Opens a group in the current scope; it has to be ended with {@linkcode join} or by its disposal. */
  constructor(options: GroupOptions = {}) {
    this.#isBlock = adopted !== undefined;
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
    return this.#node.phase === "closed" || this.#node.abandoned;
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
  spawn<T>(fn: (task: Task<unknown>) => T | PromiseLike<T>, options?: SpawnOptions): Task<T> {
    checkFunction(fn, "The function of a task");
    const start = fn as (task: Task<unknown>) => unknown;
    const settings = options === undefined ? plain[this.#node.lane]! : this.#settingsOf(options);
    return this.#node.spawn(start, settings).handle as Task<T>;
  }

  /**
   * Spawns a task that says when it is ready: resolves with the value that `fn` gives to `started`, which it may call once; the
   * task then goes on like every other. A task that fails or ends before that rejects `start` and is no failure of the
   * group, unless nobody had asked for the promise's outcome by then. A caller who is cancelled while it waits cancels the task.
   *
   * @throws {StructureError} when the group has ended; (rejection) when the task ends without calling `started`.
   * @throws {TaskCancelledError} (rejection) when the task is cancelled before it called `started`.
   * @throws {TypeError} for arguments of a wrong kind.
   *
   * @example
   * ```ts
   * import { group, sleep } from "@millrace/millrace";
   *
   * await group(async (g) => {
   *   const port = await g.start<number>(async (started) => {
   *     await sleep(1);
   *     started(8080);
   *     await sleep(5);
   *   });
   *   console.log(port); // -> 8080
   * });
   * ```
   */
  start<V>(
    fn: (started: (value: V) => void, task: Task<unknown>) => unknown,
    options: SpawnOptions = {},
  ): Promise<V> {
    checkFunction(fn, "The function of a task");
    return startIn(this.#node, fn satisfies Starter<V>, this.#settingsOf(options));
  }

  /** Like {@linkcode spawn}, but a failure is a result, and the group goes on; a cancellation is none. */
  attempt<T>(
    fn: (task: Task<unknown>) => T | PromiseLike<T>,
    options?: SpawnOptions,
  ): Task<PromiseSettledResult<T>> {
    checkFunction(fn, "The function of a task");
    async function settled(task: Task<unknown>): Promise<PromiseSettledResult<T>> {
      try {
        return { status: "fulfilled", value: await fn(task) };
      } catch (reason) {
        if (task.state === "cancelling" && isAbort(reason)) throw reason;
        return { status: "rejected", reason };
      }
    }
    return this.spawn(settled, { ...options, name: options?.name ?? (fn.name || "task") });
  }

  /**
   * Registers a function for the end of the group: after all tasks have ended the functions run, last in, first out,
   * each awaited, shielded from cancellation, within the `teardownTimeout`. What one throws is a failure of the group. In a
   * closed group it runs at once, and what it throws goes to `onUnhandled`.
   */
  defer(cleanup: (outcome: Outcome) => void | PromiseLike<void>): void {
    checkFunction(cleanup, "A deferred function");
    this.#node.defer(cleanup satisfies Cleanup);
  }

  /**
   * Cancels the group's tasks and its body, and ends the group without an error. A second call, or one after the end,
   * does nothing.
   */
  cancel(reason?: unknown): void {
    this.#node.cancel("cancel", reason);
  }

  /**
   * For groups made with `new`: waits for all tasks and ends the group; rejects with its first failure. A second call gives the same
   * promise. In the body of `group()` it only waits until no tasks but daemons are left, and is a checkpoint. With a `signal` only the
   * wait ends when that is aborted, with its reason; the group goes on.
   *
   * @throws {StructureError} when a task or a deferred function of the group calls it: it would wait for itself.
   */
  join(options?: WaitOptions): Promise<void> {
    if (options !== undefined) return endedBy(options, () => interruptible(this.join()));
    if (isWithin(this.#node, currentScope())) {
      throw new StructureError(`${this.name} cannot be joined from within: what calls join() would wait for itself`);
    }
    if (this.#isBlock) return this.#node.phase === "open" ? this.#node.idle() : Promise.resolve();
    return this.#joined ??= this.#node.end();
  }

  /** The numbers of the group at this moment. */
  statistics(): GroupStatistics {
    const { spawned, live, slots, failures } = this.#node;
    const { taken: running = 0, waiting: queued = 0 } = slots ?? {};
    return Object.freeze({ spawned, live, running, queued, failures: failures.length });
  }

  /**
   * Ends the group. If it was not joined while tasks run, they are cancelled and awaited, then `StructureError` is
   * thrown, because leaving a block does not tell whether it failed; its `cause` is the first failure, if there was one. A group
   * that was joined, or disposed of before, is left alone.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#joined !== undefined) return await this.#joined.catch(() => {});
    const left = this.#node.live;
    if (left === 0) return await this.join();
    this.#node.cancel("cancel", "the group was left without join");
    let failure: { cause: unknown } | undefined;
    await this.join().catch((cause) => failure = { cause });
    throw new StructureError(`${this.name} was left without join while ${left} of its tasks ran`, failure);
  }

  #settingsOf(options: SpawnOptions): TaskSettings {
    checkOptions(options, "spawn", spawnOptions);
    const { name, priority, daemon } = options;
    checkName(name);
    checkPriority(priority);
    checkBoolean(daemon, "daemon");
    return { name, lane: priority === undefined ? this.#node.lane : laneOf(priority), daemon: daemon === true };
  }
}

/** The settings of tasks without any of their own, by lane: a spawn makes no object for them. */
const plain: readonly TaskSettings[] = Array.from(
  { length: laneCount },
  (_, lane) => ({ name: undefined, lane, daemon: false }),
);

/** Is a scope inside a task or a deferred function of the group, rather than in its body or outside? */
function isWithin(group: GroupNode, scope: Scope | undefined): boolean {
  let inTask = false;
  for (let at = scope; at !== undefined; at = at.parent) {
    if (at === group) return inTask || group.phase === "cleaning";
    inTask ||= at instanceof TaskNode;
  }
  return false;
}

/** The node the next group is made around, when `group()` makes one. */
let adopted: GroupNode | undefined;

/** The public face of a group that was made elsewhere; for the other rooms of the house. */
export function adoptGroup<G extends TaskGroup = TaskGroup>(node: GroupNode, make?: () => G): G {
  adopted = node;
  return make === undefined ? new TaskGroup() as G : make();
}
