/**
 * The machinery of a group.
 *
 * ```
 *   open ──body ends──> closing ──no task is left──> cleaning up (deferred functions) ──> closed
 *     │                    │                              │
 *     ├──a failure or a cancellation──> the same, with the tasks cancelled
 *     └────────────────────┴──────────────────────────────┴──the teardown's bound──> abandoned ──all ends──> closed
 * ```
 *
 * Tasks may be spawned until the group begins to clean up. A failure cancels the rest; it is reported only when all
 * have ended. An abandoned group has rejected and left its parent; its tasks go on, cancelled, and its deferred
 * functions still run at the end.
 *
 * @module
 */

import { allowUnawaited } from "../../runtime/basics/promises.ts";
import { loop } from "../queue/loop.ts";
import { currentScope, roots } from "../scopes/current_scope.ts";
import { type Cancelled, isTaskCancelled, StructureError } from "../scopes/errors.ts";
import { cancellationIn, cancelledAround, enter, suppressedIn } from "../scopes/exit.ts";
import { joinSignal } from "../scopes/foreign_signal.ts";
import { groupAround, Scope } from "../scopes/scope.ts";
import { rememberOrigin, reportUnhandled } from "../scopes/unhandled.ts";
import { Wait } from "../waits/wait.ts";
import { type Cleanup, runAllDeferred, runDeferred } from "./deferred.ts";
import type { GroupSettings } from "./group_options.ts";
import { GroupTeardown } from "./group_teardown.ts";
import { rememberPlace, wanted } from "./places.ts";
import { Slots } from "./slots.ts";
import { type TaskBody, TaskNode, type TaskParent, type TaskSettings, tasksIn } from "./task_node.ts";
import { tellSpawned } from "./task_trace.ts";
import type { WatchedGroup } from "./teardown.ts";
import { type EndedGroup, outcomeOf, verdictOf } from "./verdict.ts";

/** A scope that owns tasks and ends only after all of them have ended. */
export class GroupNode extends Scope implements EndedGroup, TaskParent, WatchedGroup {
  readonly lane: number;
  /** All failures, in the order in which they happened. */
  readonly failures: unknown[] = [];
  /** What came after a failure further in, by the failure's number. */
  #suppressed: Map<number, readonly unknown[]> | undefined = undefined;
  /** Tasks that have not ended, daemons included. */
  live = 0;
  spawned = 0;
  /** Is the body of `group()` still running? */
  bodyRuns = false;
  #name: string | undefined;
  readonly #limit: number;
  /** The `timeout` it was given. */
  readonly timeout: number | undefined;
  readonly #teardownTimeout: number;
  /** Made with the first task that needs one. */
  #slots: Slots | undefined = undefined;
  #daemons = 0;
  #holds = 0;
  #phase: "open" | "closing" | "cleaning" | "closed" = "open";
  /** What `runBody`, or `end`, gives. */
  #promise: Promise<unknown> | undefined = undefined;
  #cleanups: Cleanup[] | undefined = undefined;
  /** Called when no task is left, while the end waits for that. */
  #drained: (() => void) | undefined = undefined;
  /** Those inside the body who wait until only daemons are left. */
  #idlers: Set<Wait> | undefined = undefined;
  readonly #leaveSignal: (() => void) | undefined;
  /** The cancellation that has left something of the group undone: cut short the body or a task, or kept one from starting. */
  #undone: Cancelled | undefined = undefined;
  /** Made when the group is first cancelled or cleans up, and where its teardown has a bound. */
  #teardown: GroupTeardown | undefined = undefined;
  /** Where the group is listed if no group is around it. */
  readonly #roots: Set<Scope> = roots();

  constructor(parent: Scope | undefined, settings: GroupSettings) {
    super(parent);
    this.#name = settings.name;
    this.lane = settings.lane;
    this.stamp = loop().queue.stampNow();
    this.#limit = settings.limit;
    this.timeout = settings.timeout;
    this.#teardownTimeout = settings.teardownTimeout;
    if (groupAround(parent) === undefined) this.#roots.add(this);
    this.#leaveSignal = settings.signal && joinSignal(this, settings.signal);
    if (settings.timeout !== undefined) this.deadline = loop().timers.now() + settings.timeout;
  }

  get name(): string {
    return this.#name ??= this.makeName();
  }

  /** The name of a group that was given none. */
  protected makeName(): string {
    return "group";
  }

  override get isGroup(): boolean {
    return true;
  }

  override get runningCode(): string | undefined {
    return this.bodyRuns ? `the body of ${this.name}` : undefined;
  }

  get phase(): "open" | "closing" | "cleaning" | "closed" {
    return this.#phase;
  }

  /** Can nothing be spawned any more? */
  get over(): boolean {
    return this.abandoned || this.#phase === "cleaning" || this.#phase === "closed";
  }

  /** Has the group rejected although tasks of it go on? */
  get abandoned(): boolean {
    return this.#teardown?.abandoned !== undefined;
  }

  /** The slots of `limit`, as soon as a task needed one. */
  get slots(): Slots | undefined {
    return this.#slots;
  }

  /** Makes a task and queues it; in a cancelled group it ends at once, never started. */
  spawn(fn: TaskBody, settings: TaskSettings): TaskNode {
    if (this.over) throw new StructureError(`${this.name} has ended: nothing can be spawned in it any more`);
    const node = new TaskNode(this, fn, settings);
    this.live++;
    this.spawned++;
    if (node.daemon) this.#daemons++;
    tellSpawned(node);
    if (this.effective !== undefined) {
      node.interrupt();
      return node;
    }
    if (this.#teardownTimeout !== Infinity || wanted.places > 0) rememberPlace(node);
    node.prepare();
    if (settings.unlimited === true) loop().queue.enqueue(node, node.lane);
    else (this.#slots ??= new Slots(this.#limit)).enter(node);
    return node;
  }

  unqueue(node: TaskNode): void {
    if (this.isPending(node)) this.#slots!.remove(node);
    else loop().queue.remove(node);
  }

  /** Does a task wait for a slot? */
  isPending(node: TaskNode): boolean {
    return this.#slots?.isWaiting(node) === true;
  }

  relaned(node: TaskNode): void {
    this.#slots?.relane(node);
  }

  childEnded(node: TaskNode): void {
    this.live--;
    if (node.daemon) this.#daemons--;
    if (node.holdsSlot) this.#slots!.leave(this.effective === undefined);
    if (node.state === "rejected" && !this.#hasCaused(node.outcome)) this.fail(node.outcome, node);
    // One that was cancelled by its own handle has been left undone by nobody else; a daemon has no end of its own.
    if (node.state === "cancelled" && !node.daemon && node.outcome !== node.request) this.#undone ??= this.effective;
    this.#settleIfDrained();
  }

  /** Records a failure and cancels the rest. */
  fail(error: unknown, node?: TaskNode): void {
    rememberOrigin(error, node ?? this);
    // The promise of an abandoned group has rejected: there is nobody else to be told.
    if (this.abandoned) return reportUnhandled(error, this);
    const inner = suppressedIn(node ?? this, error);
    if (inner.length > 0) (this.#suppressed ??= new Map()).set(this.failures.length, inner);
    this.failures.push(error);
    this.cancel("sibling", error, node?.handle);
  }

  laterFailures(): unknown[] {
    return this.failures.flatMap((error, index) => [error, ...this.#suppressed?.get(index) ?? []]).slice(1);
  }

  override interrupt(): void {
    this.#beginTeardown();
    super.interrupt();
  }

  override keepOpen(): () => void {
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
    if (this.#phase !== "closed") return void (this.#cleanups ??= []).push(cleanup);
    void runDeferred(cleanup, { status: "fulfilled", value: undefined }, undefined).then((error) => {
      if (error !== undefined) reportUnhandled(error.reason, this);
    });
  }

  /** Waits until only daemons are left, as a checkpoint of the caller; the group stays open. */
  idle(): Promise<void> {
    const wait: Wait = new Wait(currentScope(), () => this.#idlers?.delete(wait), `the tasks of ${this.name}`);
    if (this.live === this.#daemons) wait.settleInTurn(undefined);
    else if (!wait.interrupted) (this.#idlers ??= new Set()).add(wait);
    return wait.promise;
  }

  /** Runs the body, then ends the group; settles as `group()` does. */
  runBody<A, T>(body: (argument: A) => T | PromiseLike<T>, argument: A): Promise<T> {
    const promise = this.#bounded(this.#runToEnd(body, argument));
    this.#promise = promise;
    return promise;
  }

  /** Waits for the tasks, cleans up and closes; settles as the group does. A second call gives the same promise. */
  end(): Promise<void> {
    return (this.#promise ??= this.#bounded(this.#end(undefined))) as Promise<void>;
  }

  /** Nobody is going to join a group made with `new` that was left open: it ends by itself. */
  override leftOpen(): void {
    if (this.bodyRuns || this.#phase !== "open") return;
    this.end().catch((error) => reportUnhandled(error, this));
  }

  async #runToEnd<A, T>(body: (argument: A) => T | PromiseLike<T>, argument: A): Promise<T> {
    let value: T | undefined;
    this.enterBody();
    try {
      value = await enter(this, body, argument);
    } catch (error) {
      this.bodyThrew(error);
    }
    await this.leaveBody(value);
    return value as T;
  }

  /** The body begins; for those who run one by themselves, and spare a group for each request the promises of `runBody`. */
  enterBody(): void {
    this.bodyRuns = true;
    if (this.effective !== undefined) this.#beginTeardown();
  }

  /** The body has ended, which ends the group; `undefined` where nothing was left to wait for, else a promise that settles as the group does. */
  leaveBody(value: unknown): Promise<void> | undefined {
    this.bodyRuns = false;
    const isBare = this.live === 0 && this.inner === 0 && this.#holds === 0 && this.#cleanups === undefined &&
      this.effective === undefined && this.failures.length === 0;
    return isBare ? this.#closeUp() : this.#end(value);
  }

  /** Rejects ahead of the end, for the reason given; what goes on is listed as abandoned. */
  giveUp(why: string): void {
    this.#beginTeardown();
    this.#teardown?.giveUp(why);
  }

  /** The body has thrown: a failure, unless it is the cancellation of this group or of one around it. */
  bodyThrew(error: unknown): void {
    if (cancellationIn(this, error) !== undefined) this.#undone ??= this.effective;
    else if (!this.#hasCaused(error)) this.fail(error);
  }

  /** Is an error only what came of this group's own cancellation, to those who await a task of it? */
  #hasCaused(error: unknown): boolean {
    return this.request !== undefined && isTaskCancelled(error) && error.cause === this.request;
  }

  async #end(value: unknown): Promise<void> {
    this.#phase = "closing";
    if (this.inner > 0) {
      const misuse = await this.closeLeftOpen();
      // A body that was cut short had no time to await what it had begun.
      if (this.#undone === undefined) this.fail(misuse);
    }
    while (this.live > 0 || this.#holds > 0) {
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
        this.#settleIfDrained();
      });
      this.#undone ??= cancelledAround(this);
    }
    this.#phase = "cleaning";
    this.deadline = Infinity;
    this.#leaveSignal?.();
    if (this.#cleanups !== undefined) {
      this.#watched().begin();
      await runAllDeferred(this.#cleanups, outcomeOf(this, value), this, this.#watched());
    }
    const error = verdictOf(this, this.#undone);
    this.#closeUp();
    if (error === undefined) return;
    if (error.isCancellation && this.#promise !== undefined) allowUnawaited(this.#promise);
    throw error.reason;
  }

  #closeUp(): undefined {
    this.#phase = "closed";
    this.#leaveSignal?.();
    this.#teardown?.stop();
    this.#roots.delete(this);
    this.close();
  }

  #settleIfDrained(): void {
    if (this.#isIdle) this.#teardown?.stop();
    if (this.live === this.#daemons && this.#idlers !== undefined) {
      for (const wait of this.#idlers) wait.settleInTurn(undefined);
      this.#idlers = undefined;
    }
    if (this.#drained === undefined) return;
    if (this.live === this.#daemons && this.live > 0) this.#cancelDaemons();
    // The end of daemons that had not started yet may have come through here already.
    if (this.#drained === undefined || this.live > 0 || this.#holds > 0) return;
    const drained = this.#drained;
    this.#drained = undefined;
    drained();
  }

  #cancelDaemons(): void {
    for (const daemon of tasksIn(this)) daemon.cancel("cancel", "all other tasks of the group have ended");
  }

  /** The promise of the group: that of its work, unless the teardown takes longer than it may. */
  #bounded<T>(work: Promise<T>): Promise<T> {
    return this.#teardownTimeout === Infinity ? work : this.#watched().bounded(work);
  }

  #beginTeardown(): void {
    if (this.#phase !== "closed" && !this.#isIdle) this.#watched().begin();
  }

  #watched(): GroupTeardown {
    return this.#teardown ??= new GroupTeardown(this, this.#teardownTimeout, () => {
      this.#roots.add(this);
      this.detach();
    });
  }

  /** Is nothing there that could take long? A group made with `new` may be joined only much later. */
  get #isIdle(): boolean {
    return this.#phase === "open" && !this.bodyRuns && this.live === 0 && this.#holds === 0;
  }
}
