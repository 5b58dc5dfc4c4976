/**
 * The machinery of a group.
 *
 * ```
 *   open ──body ends──> closing ──no task is left──> cleaning up (deferred functions) ──> closed
 *     │                    │
 *     └──a failure or a cancellation──┴──> the same, with the tasks cancelled
 * ```
 *
 * Tasks may be spawned until the group begins to clean up. A failure cancels the rest; it is reported only when all
 * have ended.
 *
 * @module
 */

import { Cancelled, StructureError, suppress, TimeoutError } from "./errors.ts";
import { closeLeftOpen } from "./left_open.ts";
import { loop } from "./loop.ts";
import { EntryList } from "./run_queue.ts";
import { Scope, within } from "./scope.ts";
import { joinSignal } from "./join_signal.ts";
import type { Task } from "./task.ts";
import { TaskNode } from "./task_node.ts";

/** How a group ended, as its deferred functions see it. */
export type Outcome =
  | { status: "fulfilled"; value: unknown }
  | { status: "rejected"; reason: unknown }
  | { status: "cancelled"; reason: unknown };

/** What a group is made with; checked already. */
export interface GroupSettings {
  name: string | undefined;
  signal: AbortSignal | undefined;
  timeout: number | undefined;
  limit: number;
  lane: number;
}

/** A scope that owns tasks and ends only after all of them have ended. */
export class GroupNode extends Scope {
  readonly name: string;
  readonly lane: number;
  /** All failures, in the order in which they happened. */
  readonly failures: unknown[] = [];
  /** Tasks that have not ended, daemons included. */
  live = 0;
  /** Tasks that hold a slot of `limit`: those that run. */
  running = 0;
  spawned = 0;
  readonly #limit: number;
  readonly #timeout: number | undefined;
  #daemons = 0;
  #holds = 0;
  #phase: "open" | "closing" | "cleaning" | "closed" = "open";
  /** Tasks that wait for a slot. */
  readonly #pending = new EntryList();
  readonly #cleanups: Cleanup[] = [];
  /** Called when no task is left, while somebody waits for that. */
  #drained: (() => void) | undefined = undefined;
  readonly #leaveSignal: (() => void) | undefined;
  /** The cancellation from around this group that the body, or the wait for the tasks, was ended by. */
  #passing: Cancelled | undefined = undefined;

  constructor(parent: Scope | undefined, settings: GroupSettings) {
    super(parent);
    this.name = settings.name ?? "group";
    this.lane = settings.lane;
    this.#limit = settings.limit;
    this.#timeout = settings.timeout;
    this.#leaveSignal = settings.signal && joinSignal(this, settings.signal);
    if (settings.timeout !== undefined) this.deadline = loop().host.now() + settings.timeout;
  }

  get phase(): "open" | "closing" | "cleaning" | "closed" {
    return this.#phase;
  }

  get queued(): number {
    return this.#pending.size;
  }

  /** Makes a task and queues it; in a cancelled group it ends at once, never started. */
  spawn(fn: (task: Task<unknown>) => unknown, name: string | undefined, lane: number, daemon: boolean): TaskNode {
    if (this.#phase === "cleaning" || this.#phase === "closed") {
      throw new StructureError(`${this.name} has ended: nothing can be spawned in it any more`);
    }
    const node = new TaskNode(this, fn, name, lane, daemon);
    this.live++;
    this.spawned++;
    if (daemon) this.#daemons++;
    if (this.effective !== undefined) {
      node.interrupt();
      return node;
    }
    node.prepare();
    if (this.running < this.#limit) this.#admit(node);
    else this.#pending.push(node);
    return node;
  }

  /** Takes a task that has not started out of wherever it waits. */
  unqueue(node: TaskNode): void {
    if (node.list === this.#pending) this.#pending.remove(node);
    else loop().queue.remove(node);
  }

  /** A task has ended, started or not. */
  childEnded(node: TaskNode): void {
    this.live--;
    if (node.daemon) this.#daemons--;
    if (node.holdsSlot) this.#leaveSlot();
    if (node.state === "rejected") this.fail(node.failure, node.handle);
    this.#settleIfDrained();
  }

  /** Records a failure and cancels the rest. */
  fail(error: unknown, task?: Task<unknown>): void {
    this.failures.push(error);
    this.cancel("sibling", error, task);
  }

  override hold(): () => void {
    this.#holds++;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#holds--;
      this.#settleIfDrained();
    };
  }

  /** Registers a function for the end, last in, first out; in a closed group it runs at once. */
  defer(cleanup: Cleanup): void {
    if (this.#phase !== "closed") this.#cleanups.push(cleanup);
    else void this.#clean(cleanup).then((error) => error && loop().host.report(String(error.reason)));
  }

  /** Runs the body, then ends the group; settles as `group()` does. */
  async runBody<A, T>(body: (argument: A) => T | PromiseLike<T>, argument: A): Promise<T> {
    let value: T | undefined;
    try {
      value = await within(this, body, argument);
    } catch (error) {
      this.bodyThrew(error);
    }
    await this.end(value);
    return value as T;
  }

  /** The body has thrown: a failure, unless it is the cancellation of this group or of one around it. */
  bodyThrew(error: unknown): void {
    if (!(error instanceof Cancelled) || this.effective === undefined) this.fail(error);
    else if (this.effective !== this.request) this.#passing = this.effective;
  }

  /** Waits for the tasks, cleans up and closes; throws what the group is to reject with. */
  async end(value: unknown): Promise<void> {
    this.#phase = "closing";
    if (this.inner > 0) this.fail(await closeLeftOpen(this));
    while (this.live > 0 || this.#holds > 0) {
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
        this.#settleIfDrained();
      });
      if (this.effective !== this.request) this.#passing ??= this.effective;
    }
    this.#phase = "cleaning";
    if (this.#cleanups.length > 0) await this.#cleanUp(value);
    this.#phase = "closed";
    this.#leaveSignal?.();
    this.close();
    const error = this.#verdict();
    if (error !== undefined) throw error.reason;
  }

  /** What the group rejects with: its first failure, its timeout, its signal's reason, or what passes through. */
  #verdict(): { reason: unknown } | undefined {
    if (this.failures.length > 0) {
      suppress(this.failures[0], this.failures.slice(1));
      return { reason: this.failures[0] };
    }
    if (this.#passing !== undefined) return { reason: this.#passing };
    if (this.request?.source === "deadline" && this.#timeout !== undefined) {
      return { reason: new TimeoutError(this.name, this.#timeout) };
    }
    if (this.request?.source === "signal") return { reason: this.request.reason };
    return undefined;
  }

  async #cleanUp(value: unknown): Promise<void> {
    let outcome: Outcome;
    if (this.failures.length > 0) outcome = { status: "rejected", reason: this.failures[0] };
    else if (this.effective !== undefined) outcome = { status: "cancelled", reason: this.effective };
    else outcome = { status: "fulfilled", value };
    for (let cleanup = this.#cleanups.pop(); cleanup !== undefined; cleanup = this.#cleanups.pop()) {
      const error = await this.#clean(cleanup, outcome);
      if (error !== undefined) this.failures.push(error.reason);
    }
  }

  /** Runs one deferred function in a shield of its own; answers with what it threw. */
  async #clean(
    cleanup: Cleanup,
    outcome: Outcome = { status: "fulfilled", value: undefined },
  ): Promise<{ reason: unknown } | undefined> {
    const scope = new Scope(this.closed ? undefined : this);
    scope.setShield(true);
    try {
      await within(scope, cleanup, outcome);
      return undefined;
    } catch (reason) {
      return { reason };
    } finally {
      scope.close();
    }
  }

  #admit(node: TaskNode): void {
    this.running++;
    node.holdsSlot = true;
    loop().queue.enqueue(node, node.lane);
  }

  #leaveSlot(): void {
    this.running--;
    const next = this.#pending.first as TaskNode | undefined;
    if (next === undefined || this.effective !== undefined) return;
    this.#pending.remove(next);
    this.#admit(next);
  }

  #settleIfDrained(): void {
    if (this.#drained === undefined) return;
    if (this.live === this.#daemons && this.live > 0) this.#cancelDaemons();
    if (this.live > 0 || this.#holds > 0) return;
    const drained = this.#drained;
    this.#drained = undefined;
    drained();
  }

  #cancelDaemons(): void {
    const daemons: Scope[] = [];
    for (let member = this.members; member !== undefined; member = member.after) daemons.push(member as Scope);
    for (const daemon of daemons) daemon.cancel("cancel", "all other tasks of the group have ended");
  }
}

/** The innermost group around a scope, itself included. */
export function nearestGroup(scope: Scope | undefined): GroupNode | undefined {
  while (scope !== undefined && !(scope instanceof GroupNode)) scope = scope.parent;
  return scope;
}

/** A function given to `defer`. */
export type Cleanup = (outcome: Outcome) => void | PromiseLike<void>;
