/**
 * Groups whose tasks fail alone and can be started again.
 *
 * @module
 */

import { checkCount, checkDuration, checkFunction, checkOptions, show } from "../../runtime/basics/check.ts";
import { currentScope } from "../scopes/current_scope.ts";
import { abortedBy } from "../scopes/exit.ts";
import type { Task } from "../scopes/task.ts";
import {
  checkGroupOptions,
  type GroupOptions,
  groupOptions,
  type SpawnOptions,
  spawnOptions,
} from "../tasks/group_options.ts";
import { adoptGroup, TaskGroup } from "../tasks/task_group.ts";
import { checkBackoff } from "../waits/backoff.ts";
import { type Policy, SupervisorNode } from "./supervisor_node.ts";

/** When a task is started again: after every end, after a failure, or never. */
export type RestartMode = "permanent" | "transient" | "temporary";

/** Which tasks are started again when one has to be: it alone, all, or it and those spawned after it. */
export type RestartStrategy = "one-for-one" | "one-for-all" | "rest-for-one";

/** How a supervisor starts tasks again. */
export interface RestartPolicy {
  /**
   * Which tasks are started again when one has to be. The others are stopped first, the youngest first, each awaited
   * before the next; then all are started in the order of their spawning. Default: "one-for-one".
   */
  strategy?: RestartStrategy;
  /** How many restarts there may be in the time of `within`; one more and the supervisor fails. Default: 3. */
  maxRestarts?: number;
  /** The time in which restarts are counted, in ms. Default: 5000. */
  within?: number;
  /**
   * How long to wait before a task is started again: `initial` ms (default 100), then `factor` (2) times as long after
   * each restart in a row, at most `max` ms (30,000), of which `jitter` (0) is the part left to chance, 0 to 1. A task
   * that has run for the time of `within` begins anew. Default: no wait.
   */
  backoff?: { initial?: number; factor?: number; max?: number; jitter?: number | boolean };
}

/** How a supervisor is to be. */
export interface SuperviseOptions extends GroupOptions {
  /** How tasks are started again. Default: only those that ask for it, with the defaults of the policy. */
  restart?: RestartPolicy;
  /**
   * Is given the failure of each task that is not started again, and what a task throws while it is stopped. What it
   * throws is the failure of the supervisor. Default: `onUnhandled`.
   */
  onFailure?: (error: unknown, task: Task<unknown>) => void;
  /** Is told of each restart, with what the task has thrown, `undefined` if nothing. Default: nobody is told. */
  onRestart?: (error: unknown, task: Task<unknown>) => void;
}

/** How a supervised task is to be. */
export interface SupervisedSpawnOptions extends SpawnOptions {
  /**
   * When the task is started again: "permanent" after every end, "transient" after a failure, "temporary" never.
   * Default: "transient" if the supervisor was given a policy, else "temporary".
   */
  restart?: RestartMode;
}

/**
 * Runs `body` at once with a group whose tasks fail alone: a failure cancels nobody else. By its policy the task is
 * started again, or others with it. Resolves to what the body returns, when all tasks have ended for good.
 *
 * A failure of the body cancels all tasks and is what the promise rejects with; so does a cancellation from around,
 * which is no failure. A restart that is waiting is cancelled with them. A task that is cancelled by its handle has
 * ended for good.
 *
 * @throws {SupervisorError} (rejection) when there were more restarts than the policy allows; all tasks have been
 * cancelled and have ended by then.
 * @throws {TypeError} or {RangeError} at the call, for arguments of a wrong kind or range.
 *
 * @example
 * ```ts
 * import { supervise } from "@millrace/millrace";
 *
 * let connections = 0;
 * await supervise((supervisor) => {
 *   supervisor.spawn(() => {
 *     if (++connections < 3) throw new Error("connection lost");
 *   }, { name: "feed" });
 * }, { restart: { maxRestarts: 5, within: 1000, backoff: { initial: 1 } } });
 * console.log(connections); // -> 3
 * ```
 */
export function supervise<T>(
  body: (supervisor: Supervisor) => T | PromiseLike<T>,
  options: SuperviseOptions = {},
): Promise<T> {
  checkFunction(body, "The body of supervise");
  const settings = checkGroupOptions(options, "supervise", [...groupOptions, "restart", "onFailure", "onRestart"]);
  const { restart, onFailure, onRestart } = options;
  const policy = checkPolicy(restart);
  if (onFailure !== undefined) checkFunction(onFailure, "onFailure");
  if (onRestart !== undefined) checkFunction(onRestart, "onRestart");
  if (settings.signal?.aborted) return abortedBy(settings.signal);
  settings.name ??= "supervisor";
  const node = new SupervisorNode(currentScope(), settings, policy, { onFailure, onRestart });
  return node.runBody(
    body,
    adoptGroup(node, () => makeSupervisor(node, restart === undefined ? "temporary" : "transient")),
  );
}

/** Makes the public face of a supervisor; only `supervise` may. */
let makeSupervisor: (node: SupervisorNode, restart: RestartMode) => Supervisor;

/** The group of {@linkcode supervise}. What is started with `start` is supervised, but not started again. */
export class Supervisor extends TaskGroup {
  readonly #node: SupervisorNode;
  readonly #restart: RestartMode;

  private constructor(node: SupervisorNode, restart: RestartMode) {
    super();
    this.#node = node;
    this.#restart = restart;
  }

  static {
    makeSupervisor = (node, restart) => new Supervisor(node, restart);
  }

  /** How many restarts there have been. */
  get restarts(): number {
    return this.#node.restarts;
  }

  /**
   * Makes a task that runs `fn`, again and again as its restart mode says. What is returned stands for all its runs: it
   * ends when the last one does, and cancelling it ends it for good. `fn` gets the task of its own run.
   *
   * @throws {StructureError} when the supervisor has ended.
   * @throws {TypeError} for arguments of a wrong kind.
   */
  override spawn<T>(
    fn: (task: Task<unknown>) => T | PromiseLike<T>,
    options: SupervisedSpawnOptions = {},
  ): Task<T> {
    checkFunction(fn, "The function of a task");
    checkOptions(options, "spawn", [...spawnOptions, "restart"]);
    const { restart = this.#restart, ...rest } = options;
    if (!modes.includes(restart)) {
      throw new TypeError(`A restart is "permanent", "transient" or "temporary": received ${show(restart)}`);
    }
    const name = options.name ?? (fn.name || "task");
    const child = this.#node.supervised(fn as (task: Task<unknown>) => unknown, name, restart);
    const task = super.spawn<T>((task) => child.runs(task as Task<unknown>) as Promise<T>, { ...rest, name });
    this.#node.adopt(child, task as Task<unknown>);
    return task;
  }
}

const modes: readonly unknown[] = ["permanent", "transient", "temporary"] satisfies RestartMode[];
const strategies: readonly unknown[] = ["one-for-one", "one-for-all", "rest-for-one"] satisfies RestartStrategy[];

function checkPolicy(policy: RestartPolicy = {}): Policy {
  if (typeof policy !== "object" || policy === null) {
    throw new TypeError(`A restart policy has to be an object: received ${show(policy)}`);
  }
  checkOptions(policy, "a restart policy", ["strategy", "maxRestarts", "within", "backoff"]);
  const { strategy = "one-for-one", maxRestarts = 3, within = 5000, backoff = { initial: 0 } } = policy;
  if (!strategies.includes(strategy)) {
    throw new TypeError(
      `A strategy is "one-for-one", "one-for-all" or "rest-for-one": received ${show(strategy)}`,
    );
  }
  checkCount(maxRestarts, "maxRestarts", 0);
  checkDuration(within, "The time of within");
  checkOptions(backoff, "a backoff", ["initial", "factor", "max", "jitter"]);
  const { initial = 100, factor = 2, max = 30_000, jitter = 0 } = backoff;
  const names = { initial: "The initial backoff", max: "The longest backoff" };
  return { strategy, maxRestarts, within, backoff: checkBackoff(initial, factor, max, jitter, names) };
}
