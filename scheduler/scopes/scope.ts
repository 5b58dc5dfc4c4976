/**
 * The tree of scopes, which cancellation runs down: the machinery under `CancelScope`, tasks and groups.
 *
 * Each member of the tree has one parent. Inner nodes are scopes (a task, a group, a `CancelScope`); leaves are waits.
 *
 * ```
 *   open ──cancel──> cancelled (request set, once) ──close──> closed
 * ```
 *
 * Order of a cancellation: the whole subtree is marked first; then waits are interrupted and signals aborted, so that
 * nobody's callback sees a tree marked in part. The code that waits goes on later, each wait in a turn of its own, so
 * that cancelling 100,000 tasks does not block the loop.
 *
 * @module
 */

import type { TurnRunner } from "../../runtime/monitor/monitor.ts";
import { Entry } from "../queue/entry.ts";
import { loop } from "../queue/loop.ts";
import { DeadlineTimer } from "./deadline_timer.ts";
import { Cancelled, type CancelSource, StructureError } from "./errors.ts";
import { ScopeSignal } from "./scope_signal.ts";
import type { Task } from "./task.ts";

/** A member of the tree of scopes. */
export abstract class Member extends Entry {
  /** The scope this one is in; kept after leaving it, for names and priorities. */
  declare readonly parent: Scope | undefined;
  /** The neighbours among the members of the parent; `undefined` once it has left. */
  declare before: Member | undefined;
  declare after: Member | undefined;

  constructor(parent: Scope | undefined) {
    super();
    this.parent = parent;
    this.before = this.after = undefined;
    if (parent === undefined) return;
    const first = parent.members;
    this.after = first;
    if (first !== undefined) first.before = this;
    parent.members = this;
  }

  /** Has it not left its parent? */
  get isMember(): boolean {
    return this.before !== undefined || (this.parent !== undefined && this.parent.members === this);
  }

  /** Takes this member out of its parent. A second call does nothing. */
  leave(): void {
    if (!this.isMember) return;
    const { before, after } = this;
    if (before === undefined) this.parent!.members = after;
    else before.after = after;
    if (after !== undefined) after.before = before;
    this.before = this.after = undefined;
  }

  /** What the flow of control that this is part of belongs to. */
  override describe(): string {
    return this.parent?.describe() ?? "outside any task";
  }

  /** Is called after cancellation has newly reached this member. */
  abstract interrupt(): void;

  /** Is called when the scope around this member has ended first. */
  leftBehind(): void {}
}

/** A turn that the owner of a scope waits for. */
export interface WaitingTurn extends Entry {
  /** The neighbours among the turns that the owner waits for. */
  older: WaitingTurn | undefined;
  younger: WaitingTurn | undefined;
}

/** What a task that is the owner of scopes shows to them. */
export interface Owner extends TurnRunner {
  /** `undefined` for a posted callback, which is no task. */
  readonly handle: Task<unknown> | undefined;
  /** The lane of its turns; above that of its own priority while somebody more urgent waits for it. */
  readonly lane: number;
  /** The lane of its own priority. */
  readonly baseLane: number;
  /** The youngest of the turns it waits for; the others follow by `older`. */
  turns: WaitingTurn | undefined;
  /** A checkpoint has thrown the task's own cancellation to it. */
  delivered: boolean;
  readonly effective: Cancelled | undefined;
}

/** What only few scopes have. Apart, because there may be 100,000 of the others. */
class Extras {
  /** Made when first asked for. */
  signal: ScopeSignal | undefined = undefined;
  /** Present while a finite deadline is set. */
  deadlineTimer: DeadlineTimer | undefined = undefined;
  /** Is called whenever a scope directly inside this one has closed, while somebody waits for that. */
  onInnerClosed: (() => void) | undefined = undefined;
  /** Are called when this scope has closed. */
  closers: Set<() => void> | undefined = undefined;
}

/** An inner node of the tree: everything opened inside is cancelled with it. */
export class Scope extends Member {
  /** The most recent member; the others follow by `after`. */
  members: Member | undefined = undefined;
  /** The task that runs in this scope; a task is its own owner, a group at top level has none. */
  owner: Owner | undefined;
  /** This scope's own cancellation; the first one stays. */
  request: Cancelled | undefined = undefined;
  /** What a checkpoint in this scope throws: the outermost cancellation that no shield keeps out. */
  effective: Cancelled | undefined;
  /** Does this scope keep out the cancellation of those around it? */
  shielded = false;
  closed = false;
  #extras: Extras | undefined = undefined;
  /** How many scopes and groups, tasks not counted, are open directly inside. */
  inner = 0;
  /** Tasks are what a group is there for; any other scope has to close before the one around it. */
  get isTask(): boolean {
    return false;
  }

  /** Has this scope to close before the one around it? */
  get closesFirst(): boolean {
    return !this.isTask;
  }

  /** Does this scope own tasks? */
  get isGroup(): boolean {
    return false;
  }

  /** What a scope that has code of its own, a task's function or the body of a group, calls it while it runs. */
  get runningCode(): string | undefined {
    return undefined;
  }

  constructor(parent: Scope | undefined) {
    super(parent);
    if (parent === undefined) {
      this.owner = this.effective = undefined;
      return;
    }
    this.owner = parent.owner;
    this.effective = parent.effective;
    if (this.closesFirst) parent.inner++;
  }

  override describe(): string {
    const top = topOf(this);
    if (top.isTask) return top.describe();
    const path = pathOf(top);
    return path === "" ? "outside any task" : `group ${path}`;
  }

  /** A scope is in the run queue only if it is a task. */
  override run(): void {}

  override interrupt(): void {
    if (!this.closed) this.#extras?.signal?.abort(this.effective);
  }

  /** Is called when the code around has ended and left this scope open, before it is cancelled for that. */
  leftOpen(): void {}

  /** The signal of this scope, aborted with its {@linkcode Cancelled}. */
  get signal(): AbortSignal {
    const extras = this.#extras ??= new Extras();
    if (extras.signal === undefined) this.useSignal(new ScopeSignal());
    return extras.signal!.signal;
  }

  /** Takes a signal that was made before the scope as its own. */
  useSignal(signal: ScopeSignal): void {
    (this.#extras ??= new Extras()).signal = signal;
    if (this.effective !== undefined) signal.abort(this.effective);
  }

  /** Cancels this scope; only the first call counts, and none after its end. */
  cancel(source: CancelSource, reason?: unknown, task?: Task<unknown>): void {
    if (this.request === undefined && !this.closed) this.cancelWith(new Cancelled(source, reason, task));
  }

  /** Cancels this scope with a request that was made before. */
  cancelWith(request: Cancelled): void {
    if (this.request !== undefined || this.closed) return;
    this.request = request;
    refresh(this);
  }

  /** Shields this scope from the cancellation around it, or stops doing so; a pending one then arrives at once. */
  setShield(shielded: boolean): void {
    if (this.shielded === shielded) return;
    this.shielded = shielded;
    if (!this.closed) refresh(this);
  }

  /** When this scope cancels itself, in ms of the host's clock. */
  get deadline(): number {
    return this.#extras?.deadlineTimer?.deadline ?? Infinity;
  }

  set deadline(time: number) {
    this.#stopTimer();
    if (time === Infinity || this.closed || this.request !== undefined) return;
    if (time <= loop().timers.now()) {
      this.cancel("deadline");
      return;
    }
    (this.#extras ??= new Extras()).deadlineTimer = new DeadlineTimer(this, time);
  }

  /** Cancels this scope if its deadline has passed: a busy loop may not have told it yet. */
  lookAtClock(): void {
    if (this.#extras?.deadlineTimer?.isOverdue) this.cancel("deadline");
  }

  #stopTimer(): void {
    if (this.#extras?.deadlineTimer === undefined) return;
    this.#extras.deadlineTimer.cancel();
    this.#extras.deadlineTimer = undefined;
  }

  /**
   * The code around has ended: cancels the scopes and groups that are open directly inside, waits until they have closed, and answers
   * with the error that says so.
   */
  async closeLeftOpen(): Promise<StructureError> {
    const open: Scope[] = [];
    for (let member = this.members; member !== undefined; member = member.after) {
      if (member instanceof Scope && member.closesFirst) open.push(member);
    }
    const names = open.map((inner) => (inner as Partial<Named>).name ?? "a scope").join(", ");
    const error = new StructureError(`${names} was left open inside another: await it before the code around it ends`);
    for (const inner of open) {
      inner.leftOpen();
      inner.cancel("cancel", error);
    }
    if (this.inner > 0) {
      const extras = this.#extras ??= new Extras();
      await new Promise<void>((resolve) => {
        extras.onInnerClosed = () => {
          if (this.inner === 0) resolve();
        };
      });
      extras.onInnerClosed = undefined;
    }
    return error;
  }

  /** Ends the scope: it leaves its parent and no deadline is left behind. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.#stopTimer();
    for (let member = this.members; member !== undefined;) {
      const next: Member | undefined = member.after;
      member.leftBehind();
      member = next;
    }
    this.detach();
    const closers = this.#extras?.closers;
    if (closers === undefined) return;
    this.#extras!.closers = undefined;
    for (const closer of closers) closer();
  }

  /** Calls `closer` when this scope has closed, unless the returned function was called before. */
  whenClosed(closer: () => void): () => void {
    const closers = (this.#extras ??= new Extras()).closers ??= new Set();
    closers.add(closer);
    return () => void closers.delete(closer);
  }

  /** Leaves the parent, which no longer waits for this scope nor cancels it. A second call does nothing. */
  detach(): void {
    if (!this.isMember) return;
    this.leave();
    if (this.closesFirst) this.parent!.inner--;
    this.parent!.#extras?.onInnerClosed?.();
  }

  /**
   * Keeps the group around this scope from ending until the returned function is called: for work that goes on
   * elsewhere after its wait has been cancelled. Outside any group it does nothing.
   */
  keepOpen(): () => void {
    return groupAround(this.parent)?.keepOpen() ?? (() => {});
  }
}

/** Brings `effective` up to date in the subtree of `top`, then tells those whom a cancellation has newly reached. */
function refresh(top: Scope): void {
  const reached: Member[] = [];
  let member: Member = top;
  for (;;) {
    if (member instanceof Scope) {
      const before = member.effective;
      const outer = member.shielded ? undefined : member.parent?.effective;
      member.effective = outer ?? member.request;
      if (member.effective !== before) {
        if (before === undefined) reached.push(member);
        if (member.members !== undefined) {
          member = member.members;
          continue;
        }
      }
    } else if (member.parent!.effective !== undefined) {
      reached.push(member);
    }
    while (member !== top && member.after === undefined) member = member.parent!;
    if (member === top) break;
    member = member.after!;
  }
  // Members stand youngest first; the oldest are to be told first.
  for (let index = reached.length - 1; index >= 0; index--) reached[index]!.interrupt();
}

/** The task around a scope, itself included, or the outermost scope outside any. */
function topOf(scope: Scope): Scope {
  while (scope.parent !== undefined && !scope.isTask) scope = scope.parent;
  return scope;
}

/** The innermost group around a scope, itself included. */
export function groupAround(scope: Scope | undefined): Scope | undefined {
  while (scope !== undefined && !scope.isGroup) scope = scope.parent;
  return scope;
}

/** A scope that has a name to show: a task or a group. */
interface Named {
  readonly name: string;
}

/** The names of the groups and tasks around and including `scope`, outermost first. */
export function pathOf(scope: Scope | undefined): string {
  const names: string[] = [];
  for (let at = scope; at !== undefined; at = at.parent) {
    const { name } = at as Partial<Named>;
    if (name !== undefined) names.push(name);
  }
  return names.reverse().join(" > ");
}
