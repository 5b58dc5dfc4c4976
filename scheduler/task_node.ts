/**
 * The machinery of a task.
 *
 * ```
 *            its turn            fn returns                          ┌─> fulfilled
 *   queued ───────────> running ────────────────────────────────────┼─> rejected    (fn throws an error of its own)
 *     │                   │                                          │
 *     │ cancel            │ cancel                                   │
 *     │                   └──────> cancelling ──fn ends──────────────┴─> cancelled   (a checkpoint had thrown)
 *     └────────────────────────────────────────────────────────────────> cancelled   (fn never starts)
 * ```
 *
 * Order at the end: scopes left open inside are closed; the state changes; awaiters and `result` settle; the group is
 * told.
 *
 * @module
 */

import { Cancelled, TaskCancelledError } from "./errors.ts";
import type { GroupNode } from "./group_node.ts";
import { closeLeftOpen } from "./left_open.ts";
import { loop } from "./loop.ts";
import { type Priority, priorityOf } from "./run_queue.ts";
import { currentScope, type Owner, Scope, Wait } from "./scope.ts";
import { makeTask, type Task, type TaskState } from "./task.ts";

/** The number of the task made last. */
let lastId = 0;

/** A task, as its group sees it. */
export class TaskNode extends Scope implements Owner {
  readonly id: number = ++lastId;
  readonly handle: Task<unknown>;
  readonly group: GroupNode;
  readonly lane: number;
  /** A daemon is cancelled when all other tasks of its group have ended. */
  readonly daemon: boolean;
  /** Does the task hold a slot of its group's limit? Owned by the group. */
  holdsSlot = false;
  /** A checkpoint has thrown the task's cancellation: what it returns from then on does not count. */
  delivered = false;
  #state: "queued" | "running" | "fulfilled" | "rejected" | "cancelled" = "queued";
  readonly #fn: (task: Task<unknown>) => unknown;
  readonly #name: string | undefined;
  /** The flow of control that spawned the task; kept while the task is queued. */
  #captured: unknown = undefined;
  /** The value or the error, once ended. */
  #outcome: unknown = undefined;
  /** Those who await the task. */
  #joiners: Set<Wait<unknown>> | undefined = undefined;
  /** Made when first read. */
  #result: Promise<unknown> | undefined = undefined;
  #settleResult: (() => void) | undefined = undefined;

  constructor(
    group: GroupNode,
    fn: (task: Task<unknown>) => unknown,
    name: string | undefined,
    lane: number,
    daemon: boolean,
  ) {
    super(group, true);
    this.group = group;
    this.owner = this;
    this.#fn = fn;
    this.#name = name;
    this.lane = lane;
    this.daemon = daemon;
    this.handle = makeTask(this);
  }

  get name(): string {
    return `${this.#name ?? (this.#fn.name || "task")}#${this.id}`;
  }

  get priority(): Priority {
    return priorityOf(this.lane);
  }

  /** Does the task wait for a slot of its group, or for its first turn? */
  get waitsToStart(): "a slot of its group" | "its first turn" | undefined {
    if (this.#state !== "queued") return undefined;
    return this.group.isPending(this) ? "a slot of its group" : "its first turn";
  }

  get state(): TaskState {
    return this.#state === "running" && this.effective !== undefined ? "cancelling" : this.#state;
  }

  /** Has the task ended, in whichever way? */
  get ended(): boolean {
    return this.#state !== "queued" && this.#state !== "running";
  }

  /** The error the task ended with, if it did. */
  get failure(): unknown {
    return this.#outcome;
  }

  get result(): Promise<unknown> {
    if (this.#result === undefined) {
      this.#result = new Promise<unknown>((resolve, reject) => {
        this.#settleResult = () => {
          if (this.#state === "fulfilled") resolve(this.#outcome);
          else reject(this.#error());
        };
      });
      this.#result.catch(() => {});
      if (this.ended) this.#settleResult!();
    }
    return this.#result;
  }

  /** Remembers the async context of the caller, in which the function will run. */
  prepare(): void {
    this.#captured = loop().context.capture();
  }

  /** The first turn: the function starts, in the async context of whoever spawned the task. */
  override run(): void {
    this.#state = "running";
    const captured = this.#captured;
    this.#captured = undefined;
    loop().context.resume(captured, enter, this);
  }

  /** Waits for the end, as a checkpoint of the caller. */
  join(): Promise<unknown> {
    const scope = currentScope();
    if (scope?.effective !== undefined) return new Wait<unknown>(scope).promise;
    if (scope === undefined || this.ended) return this.result;
    const wait: Wait<unknown> = new Wait<unknown>(scope, () => this.#joiners?.delete(wait), this.handle);
    (this.#joiners ??= new Set()).add(wait);
    return wait.promise;
  }

  override interrupt(): void {
    super.interrupt();
    if (this.#state !== "queued") return;
    this.group.unqueue(this);
    this.#end("cancelled", this.effective);
  }

  /** Calls the function, in the task's own context; for `enter` alone. */
  start(): void {
    let result: unknown;
    try {
      result = this.#fn(this.handle);
    } catch (error) {
      return this.#threw(error);
    }
    if (typeof (result as PromiseLike<unknown> | null | undefined)?.then !== "function") return this.#returned(result);
    // A reaction, not an async function around the call, which would cost two promises more.
    const promise = result instanceof Promise ? result : Promise.resolve(result);
    promise.then((value) => this.#returned(value), (error) => this.#threw(error));
  }

  #returned(value: unknown): void {
    if (this.inner > 0) return void closeLeftOpen(this).then((error) => this.#end("rejected", error));
    if (this.delivered) this.#end("cancelled", this.effective);
    else this.#end("fulfilled", value);
  }

  #threw(error: unknown): void {
    if (this.inner > 0) return void closeLeftOpen(this).then(() => this.#threw(error));
    if (error instanceof Cancelled && this.effective !== undefined) this.#end("cancelled", error);
    else this.#end("rejected", error);
  }

  #end(state: "fulfilled" | "rejected" | "cancelled", outcome: unknown): void {
    this.#state = state;
    this.#outcome = outcome;
    if (this.#joiners !== undefined) {
      for (const wait of this.#joiners) {
        if (state === "fulfilled") wait.settleInTurn(outcome);
        else wait.failInTurn(this.#error());
      }
      this.#joiners = undefined;
    }
    this.#settleResult?.();
    this.close();
    this.group.childEnded(this);
  }

  /** What awaiting a task that did not fulfil throws. */
  #error(): unknown {
    return this.#state === "cancelled" ? new TaskCancelledError(this.handle, this.#outcome) : this.#outcome;
  }
}

/** Starts a task with itself as the current scope. */
function enter(node: TaskNode): void {
  loop().context.run(node, startTask, node);
}

function startTask(node: TaskNode): void {
  node.start();
}
