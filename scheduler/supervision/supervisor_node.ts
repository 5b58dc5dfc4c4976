/**
 * The machinery of a supervisor: each of its tasks is a loop around the runs of one function, and each run is a group
 * with one task.
 *
 * ```
 *   a child:  running ──ends, for good──> over
 *                │ ──fails──> counted ──one-for-one──> backing off ──> running
 *                │               │ ──the others too──> a round: stop the others, back off, let all go
 *                │               └──too often──> the supervisor fails
 *                └──stopped by a round──> at the gate ──let go──> running
 * ```
 *
 * Rounds come one after the other. A child that fails while it waits for its round, and is let go by another, has been
 * started again by that one.
 *
 * The hooks of `GroupNode` that a supervisor has of its own, in the order in which they come:
 *
 * ```
 *   open            supervised, adopt   a child is made, then its loop spawned, then it is taken in; one that never started is not
 *     a run ends    (none)              it is a group inside the loop's task: this group learns nothing of it
 *     a loop ends   childEnded          the child is forgotten, so that no round starts it again; only then `GroupNode` counts it
 *                   fail(error, node)   `GroupNode` calls it for a loop that has failed: told of by `report`, and cancels nobody
 *     a hook throws,
 *     one restart too many,
 *     the body throws  fail(error)      a failure of the supervisor: `GroupNode` cancels all children
 *   cancelled       report              says nothing of an "AbortError" any more; other failures are told of to the end
 *                   restart             its waits throw: no run is begun from then on
 * ```
 *
 * @module
 */

import { loop } from "../queue/loop.ts";
import { currentScope, deliver, within } from "../scopes/current_scope.ts";
import { Cancelled, isAbort } from "../scopes/errors.ts";
import type { Scope } from "../scopes/scope.ts";
import type { Task } from "../scopes/task.ts";
import { reportUnhandled, watchHook } from "../scopes/unhandled.ts";
import { Mutex } from "../sync/mutex.ts";
import { GroupNode } from "../tasks/group_node.ts";
import type { GroupSettings } from "../tasks/group_options.ts";
import type { TaskNode } from "../tasks/task_node.ts";
import { type Backoff, delayAfter } from "../waits/backoff.ts";
import { sleep } from "../waits/sleep.ts";
import { Wait } from "../waits/wait.ts";
import { SupervisorError } from "./supervisor_error.ts";

/** A restart policy, checked and complete. */
export interface Policy {
  strategy: "one-for-one" | "one-for-all" | "rest-for-one";
  maxRestarts: number;
  within: number;
  backoff: Backoff;
}

/** When a child is started again. */
type Mode = "permanent" | "transient" | "temporary";

/** Who is told of what. */
export interface SupervisorHooks {
  onFailure: ((error: unknown, task: Task<unknown>) => unknown) | undefined;
  onRestart: ((error: unknown, task: Task<unknown>) => unknown) | undefined;
}

/** How a run has ended. */
type End = { status: "fulfilled"; value: unknown } | { status: "rejected"; reason: unknown } | { status: "cancelled" };

/** A group whose tasks fail alone. */
export class SupervisorNode extends GroupNode {
  restarts = 0;
  readonly policy: Policy;
  readonly #settings: GroupSettings;
  readonly #hooks: SupervisorHooks;
  /** The children that have not ended for good, by the task of their loop, in the order of their spawning. */
  readonly #children: Map<Task<unknown>, Child> = new Map();
  readonly #rounds: Mutex = new Mutex();
  /** The restarts of the time that counts. */
  #counted: { time: number; end: End }[] = [];

  constructor(parent: Scope | undefined, settings: GroupSettings, policy: Policy, hooks: SupervisorHooks) {
    super(parent, settings);
    this.policy = policy;
    this.#settings = settings;
    this.#hooks = hooks;
  }

  /** Makes a child; its loop is then to be spawned, and adopted. */
  supervised(fn: (task: Task<unknown>) => unknown, name: string, mode: Mode): Child {
    return new Child(
      this,
      fn,
      { ...this.#settings, name, signal: undefined, timeout: undefined, limit: Infinity },
      mode,
    );
  }

  /** Takes in a child whose loop has been spawned. */
  adopt(child: Child, task: Task<unknown>): void {
    if (task.state === "queued") this.#children.set(task, child);
  }

  override childEnded(node: TaskNode): void {
    this.#children.delete(node.handle);
    super.childEnded(node);
  }

  /** A failure of the body is one of the supervisor; that of a task is the task's alone. */
  override fail(error: unknown, node?: TaskNode): void {
    if (node === undefined) super.fail(error);
    else this.report(error, node.handle, node);
  }

  /** Tells of a failure that nothing is done about; what only came of the supervisor's cancellation is none. */
  report(error: unknown, task: Task<unknown>, scope: Scope): void {
    if (this.effective !== undefined && isAbort(error)) return;
    const { onFailure } = this.#hooks;
    if (onFailure === undefined) return reportUnhandled(error, scope);
    try {
      watchHook(onFailure(error, task), scope);
    } catch (hookError) {
      super.fail(hookError);
    }
  }

  /** Brings a child that has ended to where it may run again, the others with it as the strategy says. */
  async restart(child: Child, end: End, task: Task<unknown>, scope: Scope): Promise<void> {
    const { strategy, backoff } = this.policy;
    if (strategy === "one-for-one") {
      this.#count(end, task, scope);
      return await within(scope, sleep, delayAfter(child.nextTry(), backoff));
    }
    child.letGo = false;
    const permit = await within(scope, () => this.#rounds.acquire(), undefined);
    try {
      if (child.letGo) return this.#tell(end, task);
      this.#count(end, task, scope);
      await this.#round(child, delayAfter(child.nextTry(), backoff), scope);
    } finally {
      permit[Symbol.dispose]();
    }
  }

  async #round(child: Child, delay: number, scope: Scope): Promise<void> {
    // The map has its members in the order of their spawning.
    const all = [...this.#children.values()];
    const affected = this.policy.strategy === "one-for-all" ? all : all.slice(all.indexOf(child));
    try {
      for (const other of affected.toReversed()) await other.stop(scope);
      await within(scope, sleep, delay);
    } finally {
      // The child is at the gate too, so that all start in the order of their spawning.
      const passed = child.gate(scope);
      for (const each of affected) each.go();
      await passed;
    }
  }

  /** Counts a restart, and fails if it is one too many. */
  #count(end: End, task: Task<unknown>, scope: Scope): void {
    const { maxRestarts, within } = this.policy;
    const time = loop().timers.now();
    if (maxRestarts !== Infinity) {
      this.#counted = this.#counted.filter((restart) => time - restart.time <= within);
      this.#counted.push({ time, end });
      if (this.#counted.length > maxRestarts) {
        const errors = this.#counted.flatMap(({ end }) => end.status === "rejected" ? [end.reason] : []);
        const what = `${this.name} had to restart its tasks more than ${maxRestarts} times in ${within} ms`;
        super.fail(new SupervisorError(what, errors));
        throw deliver(scope);
      }
    }
    this.restarts++;
    this.#tell(end, task);
  }

  #tell(end: End, task: Task<unknown>): void {
    const { onRestart } = this.#hooks;
    try {
      watchHook(onRestart?.(end.status === "rejected" ? end.reason : undefined, task), this);
    } catch (hookError) {
      super.fail(hookError);
    }
  }
}

/** A function under supervision. */
export class Child {
  /** Has a round let it go, since it was set to false? */
  letGo = false;
  readonly #supervisor: SupervisorNode;
  readonly #fn: (task: Task<unknown>) => unknown;
  readonly #settings: GroupSettings;
  readonly #mode: Mode;
  #held = false;
  /** Present while it waits to be let go. */
  #gate: Wait | undefined = undefined;
  /** Present while it runs. */
  #run: GroupNode | undefined = undefined;
  #onStopped: (() => void) | undefined = undefined;
  #startedAt = 0;
  #tries = 0;

  constructor(
    supervisor: SupervisorNode,
    fn: (task: Task<unknown>) => unknown,
    settings: GroupSettings,
    mode: Mode,
  ) {
    this.#supervisor = supervisor;
    this.#fn = fn;
    this.#settings = settings;
    this.#mode = mode;
  }

  /** The loop around the runs; `task` is the one it is in. */
  async runs(task: Task<unknown>): Promise<unknown> {
    const scope = currentScope()!;
    for (;;) {
      await this.gate(scope);
      const end = await this.#runOnce(scope);
      if (scope.effective !== undefined) {
        if (end.status === "fulfilled") return end.value;
        throw end.status === "rejected" ? end.reason : deliver(scope);
      }
      const wasStopped = this.#held && !(end.status === "fulfilled" && this.#mode !== "permanent");
      if (wasStopped && this.#mode !== "temporary") {
        if (end.status === "rejected") this.#supervisor.report(end.reason, task, scope);
        continue;
      }
      if (wasStopped || end.status === "cancelled") {
        // Cancelled by its own hand, or stopped for good: the task ends as cancelled.
        task.cancel(wasStopped ? "stopped with another task, not to be started again" : undefined);
        if (end.status === "rejected") throw end.reason;
        throw deliver(scope);
      }
      if (this.#mode === "temporary" || (this.#mode === "transient" && end.status === "fulfilled")) {
        if (end.status === "fulfilled") return end.value;
        throw end.reason;
      }
      await this.#supervisor.restart(this, end, task, scope);
    }
  }

  /** Ends the run, and keeps the next one from starting. Waits until it has ended, as a checkpoint in `scope`. */
  async stop(scope: Scope): Promise<void> {
    this.#held = true;
    if (this.#run === undefined) return;
    const stopped = new Wait(scope, undefined, `${this.#settings.name} to stop`);
    this.#onStopped = () => stopped.settleInTurn(undefined);
    this.#run.cancel("cancel", "another task of the supervisor is started again");
    await stopped.promise;
  }

  /** Waits until the child may run; `scope` is that of its loop. */
  async gate(scope: Scope): Promise<void> {
    if (!this.#held) return;
    const gate = this.#gate = new Wait(scope, undefined, "its restart");
    await gate.promise;
  }

  /** Lets the child go, behind those that were let go before. */
  go(): void {
    this.#held = false;
    this.letGo = true;
    this.#gate?.settleInTurn(undefined);
    this.#gate = undefined;
  }

  /** The number of the restart that is to come, of those in a row. */
  nextTry(): number {
    if (loop().timers.now() - this.#startedAt >= this.#supervisor.policy.within) this.#tries = 0;
    return ++this.#tries;
  }

  async #runOnce(scope: Scope): Promise<End> {
    const lane = scope.owner!.baseLane;
    const run = this.#run = new GroupNode(scope, { ...this.#settings, lane });
    this.#startedAt = loop().timers.now();
    let node: TaskNode | undefined;
    try {
      await run.runBody(() => {
        node = run.spawn(this.#fn, { name: this.#settings.name, lane });
      }, undefined);
      return node!.state === "fulfilled" ? { status: "fulfilled", value: node!.outcome } : { status: "cancelled" };
    } catch (reason) {
      return reason instanceof Cancelled && this.#held ? { status: "cancelled" } : { status: "rejected", reason };
    } finally {
      this.#run = undefined;
      this.#onStopped?.();
      this.#onStopped = undefined;
    }
  }
}
