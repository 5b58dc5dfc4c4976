/**
 * asyncio's names for those who know them: a bridge, in terms of groups, tasks and the run queue. Times are in ms, as everywhere here,
 * and not in seconds.
 *
 * ```
 *   runUntilComplete(main): group ┬ main
 *                                 ├ createTask: a daemon of the group, whose failure is its own
 *                                 └ callSoon, callLater, callAt: posted to the run queue; taken back at the end
 * ```
 *
 * @module
 */

import { checkDuration, checkFunction, checkOptions, checkTime, show } from "../../runtime/basics/check.ts";
import { loop } from "../../scheduler/queue/loop.ts";
import { currentScope } from "../../scheduler/scopes/current_scope.ts";
import { isTaskCancelled, StructureError } from "../../scheduler/scopes/errors.ts";
import type { Scope } from "../../scheduler/scopes/scope.ts";
import { reportUnhandled } from "../../scheduler/scopes/unhandled.ts";
import { group, type TaskGroup } from "../../scheduler/tasks/task_group.ts";
import { interruptible } from "../../scheduler/waits/interruptible.ts";
import { throwIfCancelled } from "../../scheduler/waits/sleep.ts";
import { scheduler } from "../../scheduler/web/scheduler.ts";
import { LoopTask } from "./loop_task.ts";

/** The time of the loop's clock, in ms: what {@linkcode callAt} goes by. It never goes back. */
export function time(): number {
  return loop().timers.now();
}

/** A callback that is to come. */
export class Handle {
  readonly #controller = new AbortController();
  /** When it is due, on the clock of {@linkcode time}, in ms; for `callSoon` the time of the call. */
  readonly when: number;

  /** Made by `callSoon`, `callLater` and `callAt`. */
  constructor(callback: () => unknown, delay: number, bridge: Bridge | undefined) {
    this.when = time() + delay;
    bridge?.handles.add(this);
    const { signal } = this.#controller;
    scheduler.postTask(() => within(bridge, callback), { delay, signal }).catch((error) => {
      if (!signal.aborted) reportUnhandled(error);
    }).finally(() => bridge?.handles.delete(this));
  }

  /** Has it been taken back? */
  get cancelled(): boolean {
    return this.#controller.signal.aborted;
  }

  /** Takes the callback back; does nothing when it has run. */
  cancel(): void {
    this.#controller.abort();
  }
}

/**
 * Calls back in a turn of its own, never in that of the caller, after all that was called this way before. What it throws goes to
 * `onUnhandled`.
 *
 * @throws {TypeError} at the call, if `callback` is no function.
 */
export function callSoon<A extends unknown[]>(callback: (...args: A) => unknown, ...args: A): Handle {
  checkFunction(callback, "The callback of callSoon");
  return new Handle(() => callback(...args), 0, currentBridge());
}

/**
 * Calls back after at least `delay` ms.
 *
 * @throws {TypeError} or {RangeError} at the call, for arguments of a wrong kind or range.
 */
export function callLater<A extends unknown[]>(
  delay: number,
  callback: (...args: A) => unknown,
  ...args: A
): Handle {
  checkDuration(delay, "The delay of callLater");
  checkFunction(callback, "The callback of callLater");
  return new Handle(() => callback(...args), delay, currentBridge());
}

/**
 * Calls back at a time of the clock of {@linkcode time}, in ms; at once if that has passed.
 *
 * @throws {TypeError} or {RangeError} at the call, for arguments of a wrong kind or range.
 */
export function callAt<A extends unknown[]>(when: number, callback: (...args: A) => unknown, ...args: A): Handle {
  checkTime(when, "The time of callAt");
  checkFunction(callback, "The callback of callAt");
  return new Handle(() => callback(...args), Math.max(0, when - time()), currentBridge());
}

/**
 * Starts a task in a turn of its own. It belongs to the `runUntilComplete` around and is cancelled when that ends; its failure is its
 * own, and is thrown to who awaits it, or reported to `onUnhandled` at the end.
 *
 * @throws {TypeError} if `fn` is no function.
 * @throws {StructureError} outside of `runUntilComplete`.
 */
export function createTask<T>(fn: () => T | PromiseLike<T>, options: {
  /** A name for messages and the task tree. Default: that of the function. */
  name?: string;
} = {}): LoopTask<T> {
  checkFunction(fn, "The function of createTask");
  checkOptions(options, "createTask", ["name"]);
  const bridge = currentBridge();
  if (bridge === undefined) throw new StructureError("createTask was called outside of runUntilComplete");
  const { name } = options;
  const task = bridge.group.attempt(() => fn(), { daemon: true, ...(name !== undefined && { name }) });
  return new LoopTask(task, bridge.neverRetrieved, reportUnhandled);
}

/**
 * Waits for several at once: tasks, promises, or functions, which become tasks. The results are in the order of the list. The first
 * failure is thrown at once, and the others go on (`all` would cancel and await them); what fails after it is reported to `onUnhandled`.
 * With `returnExceptions` failures are results. A cancellation of the waiting cancels all tasks in the list.
 *
 * @throws {TypeError} (rejection) for arguments of a wrong kind.
 */
export async function gather<T>(
  awaitables: Iterable<LoopTask<T> | PromiseLike<T> | (() => T | PromiseLike<T>)>,
  options: {
    /** Are failures among the results, instead of the first one ending it all? Default: false. */
    returnExceptions?: boolean;
  } = {},
): Promise<T[]> {
  if (typeof awaitables?.[Symbol.iterator] !== "function") {
    throw new TypeError(`gather takes a list of tasks, promises or functions: received ${show(awaitables)}`);
  }
  checkOptions(options, "gather", ["returnExceptions"]);
  const { returnExceptions = false } = options;
  const all = [...awaitables].map((one) => typeof one === "function" ? createTask(one) : one);
  let failed = false;
  // A task is awaited as a checkpoint; a promise of somebody else's would keep a cancelled gather waiting.
  const results = all.map((one) =>
    Promise.resolve(one instanceof LoopTask ? one : interruptible(one)).catch((error) => {
      if (returnExceptions || currentScope()?.effective !== undefined) return error as T;
      // That a task was cancelled, as all are at the end of the loop, is no failure of it.
      if (failed) return (isTaskCancelled(error) ? undefined : reportUnhandled(error)) as never;
      failed = true;
      throw error;
    })
  );
  const gathered = await Promise.all(results);
  if (currentScope()?.effective !== undefined) {
    for (const one of all) if (one instanceof LoopTask) one.cancel();
  }
  throwIfCancelled();
  return gathered;
}

/** A pool of workers, as far as `runInExecutor` needs it. */
export interface Executor<F extends string, A extends unknown[], R> {
  /** Runs a function of the pool's module. */
  run(name: F, args: A): Promise<R>;
}

/** Runs a function of a pool's module on another thread: `pool.run(name, args)`. There is no default pool. */
export function runInExecutor<F extends string, A extends unknown[], R>(
  executor: Executor<F, A, R>,
  name: F,
  ...args: A
): Promise<R> {
  return executor.run(name, args);
}

/**
 * Runs `main` with a loop of asyncio's kind around it, as `asyncio.run` does: when it has ended, tasks that still run are cancelled and
 * awaited, and callbacks that are still to come are taken back. It does not block: it gives a promise, as nothing here can block.
 *
 * @throws {TypeError} at the call, if `main` is no function.
 *
 * @example
 * ```ts
 * import { callLater, callSoon, createTask, gather, runUntilComplete } from "@millrace/millrace/io";
 * import { sleep } from "@millrace/millrace";
 *
 * await runUntilComplete(async () => {
 *   callSoon(console.log, "soon");
 *   callLater(1000, console.log, "never: main has ended by then");
 *   const task = createTask(async () => {
 *     await sleep(5);
 *     return 1;
 *   });
 *   console.log((await gather([task, () => 2])).join());
 * });
 * // -> soon
 * // -> 1,2
 * ```
 */
export function runUntilComplete<T>(main: () => T | PromiseLike<T>): Promise<T> {
  checkFunction(main, "The function of runUntilComplete");
  return group(async (g) => {
    const bridge: Bridge = { group: g, handles: new Set(), neverRetrieved: new Set() };
    g.defer(() => {
      for (const { error } of bridge.neverRetrieved) reportUnhandled(error);
    });
    bridges.set(currentScope()!, bridge);
    try {
      return await main();
    } finally {
      for (const handle of bridge.handles) handle.cancel();
    }
  }, { name: "runUntilComplete" });
}

/** What belongs to one `runUntilComplete`. */
interface Bridge {
  readonly group: TaskGroup;
  readonly handles: Set<Handle>;
  /** Failures of tasks that nobody has awaited. */
  readonly neverRetrieved: Set<{ error: unknown }>;
}

const bridges = new WeakMap<Scope, Bridge>();

/** That of the callback that runs: a posted callback is in no scope. */
let ofCallback: Bridge | undefined;

function within(bridge: Bridge | undefined, callback: () => unknown): unknown {
  const before = ofCallback;
  ofCallback = bridge;
  try {
    return callback();
  } finally {
    ofCallback = before;
  }
}

function currentBridge(): Bridge | undefined {
  if (ofCallback !== undefined) return ofCallback;
  for (let scope = currentScope(); scope !== undefined; scope = scope.parent) {
    const bridge = bridges.get(scope);
    if (bridge !== undefined) return bridge;
  }
  return undefined;
}
