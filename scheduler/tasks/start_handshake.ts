/**
 * The handshake of a task that says when it is ready.
 *
 * ```
 *   spawned ──started(value)──> ready (start() resolves) ──> goes on like every task
 *      │ fails before that: the failure is start()'s, if somebody waits there, else the group's
 *      │ ends before that: StructureError, likewise
 *      └ whoever waits in start() is cancelled: so is the task, and start() rejects when that has ended
 * ```
 *
 * @module
 */

import { currentScope } from "../scopes/current_scope.ts";
import { isAbort, StructureError, TaskCancelledError } from "../scopes/errors.ts";
import type { Task } from "../scopes/task.ts";
import { Wait } from "../waits/wait.ts";
import type { GroupNode } from "./group_node.ts";
import type { TaskSettings } from "./task_node.ts";

/** What `start` runs. */
export type Starter<V> = (started: (value: V) => void, task: Task<unknown>) => unknown;

/** A promise that knows whether anybody has asked for its outcome: only then can a failure be handed over in it. */
class Observed<T> extends Promise<T> {
  observed = false;

  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  override then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.observed = true;
    return super.then(onFulfilled, onRejected);
  }
}

/** Spawns a task and waits for its `started`; see `TaskGroup.start`. */
export function startIn<V>(group: GroupNode, fn: Starter<V>, settings: TaskSettings): Promise<V> {
  let phase: "starting" | "started" | "ended" = "starting";
  const node = group.spawn(run, { ...settings, name: settings.name ?? (fn.name || "task") });
  const scope = currentScope();
  const stop = (): void => node.cancel("cancel", scope!.effective);
  const wait: Wait<V> = new Wait<V>(scope, stop, node.handle);
  if (wait.interrupted) stop();
  const promise = new Observed<V>((resolve, reject) => {
    // Whoever was cancelled goes on when the task has cleaned up: what that holds is free then.
    wait.promise.then(resolve, (error) => void node.whenEnded(() => reject(error)));
  });
  // A rejection that nobody has asked for is the group's failure too.
  Promise.prototype.then.call(promise, undefined, () => {});
  node.result.then(ended, ended);
  return promise;

  function started(value: V): void {
    if (phase === "started") throw new StructureError(`${node.name} has called started() before`);
    if (phase === "ended") return;
    phase = "started";
    wait.settleInTurn(value);
  }
  /** Answers whether the failure was handed to whoever waits in `start`. */
  function failedBefore(error: unknown): boolean {
    phase = "ended";
    return wait.reject(error) && promise.observed;
  }
  async function run(task: Task<unknown>): Promise<void> {
    try {
      await fn(started, task);
    } catch (error) {
      if (node.effective !== undefined && isAbort(error)) throw error;
      if (phase !== "starting" || !failedBefore(error)) throw error;
      return;
    }
    if (phase !== "starting" || node.effective !== undefined) return;
    const error = new StructureError(`${node.name} has ended without calling started()`);
    if (!failedBefore(error)) throw error;
  }

  function ended(): void {
    if (phase === "starting") wait.reject(new TaskCancelledError(node.handle, node.effective));
    phase = "ended";
  }
}
