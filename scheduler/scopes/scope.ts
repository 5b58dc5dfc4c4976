/**
 * The tree of scopes, which cancellation runs down: the machinery under `CancelScope`, tasks and groups.
 *
 * Each member of the tree has one parent. Inner nodes are scopes (a task, a group, a `CancelScope`); leaves are waits.
 *
 * ```
 *   open ──cancel──> cancelled (request set, once) ──close──> closed
 * ```
 *
 * Order of a cancellation: the whole subtree is marked first, at once, because who asks looks up (see `effective`); so
 * nobody's callback sees a tree marked in part. Then its members are told (`telling.ts`): waits are interrupted, signals aborted. The
 * code that waits goes on later, each wait in a turn of its own, so that cancelling 100,000 tasks does not block the loop.
 *
 * @module
 */

import { Entry } from "../queue/entry.ts";
import { loop } from "../queue/loop.ts";
import { DeadlineTimer } from "./deadline_timer.ts";
import { Cancelled, type CancelSource, StructureError } from "./errors.ts";
import { Extras } from "./extras.ts";
import type { Owner } from "./owner.ts";
import { type Named, pathOf, rootOf, topOf } from "./paths.ts";
import { ScopeSignal } from "./scope_signal.ts";
import type { Task } from "./task.ts";
import { closes, leaves, mayBeUntold, tell, type TreeScope } from "./telling.ts";

export type { Owner, WaitingTurn } from "./owner.ts";
export { pathOf } from "./paths.ts";

/** A member of the tree of scopes. */
export abstract class Member extends Entry {
  /** The scope this one is in; kept after leaving it, for names and priorities. */
  declare readonly parent: Scope | undefined;
  /** The younger and the older neighbour in the parent, before the youngest the oldest; `undefined` once it has left. */
  declare before: Member | undefined;
  declare after: Member | undefined;

  constructor(parent: Scope | undefined) {
    super();
    this.parent = parent;
    this.before = this.after = undefined;
    if (parent === undefined) return;
    const first = parent.members;
    this.after = first;
    if (first === undefined) {
      this.before = this;
    } else {
      this.before = first.before;
      first.before = this;
    }
    parent.members = this;
  }

  /** Has it not left its parent? */
  get isMember(): boolean {
    return this.before !== undefined;
  }

  /** This member as a scope, if it is one. */
  get branch(): Scope | undefined {
    return undefined;
  }

  /** Takes this member out of its parent. A second call does nothing. */
  leave(): void {
    const { before, after } = this;
    if (before === undefined) return;
    const parent = this.parent!;
    leaves(this);
    if (parent.members === this) parent.members = after;
    else before.after = after;
    if (after !== undefined) after.before = before;
    else if (parent.members !== undefined) parent.members.before = before;
    this.before = this.after = undefined;
  }

  /** What the flow of control that this is part of belongs to. */
  override describe(): string {
    return this.parent?.describe() ?? "outside any task";
  }

  /**
   * Is called when this member is told of a cancellation that has reached it, perhaps some turns before. A second call, after a further
   * cancellation from around, changes nothing.
   */
  abstract interrupt(): void;

  /** Is called when the scope around this member has ended first. */
  leftBehind(): void {}
}

/**
 * The state of the tree of scopes, which is another one after each cancellation and each change of a shield. An odd number, that of a scope
 * that has left the tree is none. It wraps round, which is right unless 2^31 of them come between two looks at a scope.
 */
let state = 1;

/** In the place of the state: this scope has left the tree, and what was in force in it then is so for good. */
const left = 0;

/** An inner node of the tree: everything opened inside is cancelled with it. */
export class Scope extends Member {
  /** The most recent member; the others follow by `after`. */
  members: Member | undefined = undefined;
  /** The task that runs in this scope; a task is its own owner, a group at top level has none. */
  owner: Owner | undefined;
  /** This scope's own cancellation; the first one stays. */
  request: Cancelled | undefined = undefined;
  /** What was found when `effective` was last asked for, and the state of the tree that this was in. */
  #found: Cancelled | undefined;
  #foundIn: number;
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
    this.#foundIn = state;
    if (parent === undefined) {
      this.owner = this.#found = undefined;
      return;
    }
    this.owner = parent.owner;
    this.#found = parent.effective;
    if (this.closesFirst) parent.inner++;
  }

  override get branch(): Scope {
    return this;
  }

  /** Does this scope keep out the cancellation of those around it? */
  get shielded(): boolean {
    return this.#extras !== undefined && this.#extras.shielded;
  }

  /**
   * What a checkpoint in this scope throws: the outermost cancellation that no shield keeps out. It is looked up, so that a cancellation
   * need mark nobody but the scope that it is of, however many are inside.
   */
  get effective(): Cancelled | undefined {
    return this.#foundIn === state ? this.#found : this.#lookUp();
  }

  /** Each scope on the way is looked up once in a state of the tree, so that 10,000 inside one another cost no more than 10,000. */
  #lookUp(): Cancelled | undefined {
    if (this.#foundIn === left) return this.#found;
    const { parent } = this;
    if (parent === undefined) return this.#findIn(undefined);
    if (parent.#foundIn === state || parent.#foundIn === left) return this.#findIn(parent.#found);
    const path: Scope[] = [this];
    let at: Scope | undefined = parent;
    for (; at !== undefined && at.#foundIn !== state && at.#foundIn !== left; at = at.parent) path.push(at);
    let outer = at === undefined ? undefined : at.#found;
    for (let index = path.length - 1; index >= 0; index--) outer = path[index]!.#findIn(outer);
    return outer;
  }

  #findIn(outer: Cancelled | undefined): Cancelled | undefined {
    this.#foundIn = state;
    return this.#found = (this.shielded ? undefined : outer) ?? this.request;
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
    this.abortSignal();
  }

  /** Aborts the signal, if somebody has asked for it. */
  abortSignal(): void {
    const extras = this.#extras;
    if (extras?.signal === undefined || this.closed) return;
    extras.unlist(this);
    extras.signal.abort(this.effective);
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
    const extras = this.#extras ??= new Extras();
    extras.signal = signal;
    if (this.effective !== undefined) signal.abort(this.effective);
    else if (!this.closed) extras.list(this, this.signalled);
  }

  /** The open scopes of the whole tree that have a signal which is not aborted. */
  get signalled(): Set<TreeScope> {
    const root = rootOf(this) as Scope;
    return (root.#extras ??= new Extras()).signalled ??= new Set();
  }

  /** Cancels this scope; only the first call counts, and none after its end. */
  cancel(source: CancelSource, reason?: unknown, task?: Task<unknown>): void {
    if (this.request === undefined && !this.closed) this.cancelWith(new Cancelled(source, reason, task));
  }

  /** Cancels this scope with a request that was made before. */
  cancelWith(request: Cancelled): void {
    if (this.request !== undefined || this.closed) return;
    const around = this.effective;
    this.request = request;
    if (around === undefined) this.#changeTo(request);
  }

  /** Something else is in force here: those inside look it up anew, and are told. */
  #changeTo(found: Cancelled | undefined): void {
    this.#found = found;
    if (this.members !== undefined) {
      state = (state + 2) | 0;
      if (this.#foundIn !== left) this.#foundIn = state;
    }
    if (found !== undefined) tell(this, this.owner?.lane);
  }

  /** Shields this scope from the cancellation around it, or stops doing so; a pending one then arrives at once. */
  setShield(shielded: boolean): void {
    if (this.shielded === shielded) return;
    const before = this.effective;
    (this.#extras ??= new Extras()).shielded = shielded;
    if (this.closed || this.#foundIn === left) return;
    const found = this.#findIn(this.parent?.effective);
    if (found !== before) this.#changeTo(found);
  }

  /** When this scope cancels itself, in ms of the host's clock. */
  get deadline(): number {
    return this.#extras?.deadlineTimer?.deadline ?? Infinity;
  }

  set deadline(time: number) {
    this.#extras?.stopTimer();
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
    if (this.inner > 0) await (this.#extras ??= new Extras()).whenInnerClosed(() => this.inner === 0);
    return error;
  }

  /** Ends the scope: it leaves its parent and no deadline is left behind. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    const extras = this.#extras;
    extras?.stopTimer();
    for (let member = this.members; member !== undefined;) {
      const next: Member | undefined = member.after;
      member.leftBehind();
      member = next;
    }
    this.detach();
    extras?.unlist(this);
    closes(this);
    this.#extras?.callClosers();
  }

  /** Calls `closer` when this scope has closed, unless the returned function was called before. */
  whenClosed(closer: () => void): () => void {
    return (this.#extras ??= new Extras()).whenClosed(closer);
  }

  /** Leaves the parent, which no longer waits for this scope nor cancels it. A second call does nothing. */
  detach(): void {
    if (!this.isMember) return;
    this.#found = this.effective;
    this.#foundIn = left;
    this.leave();
    if (this.closesFirst) this.parent!.inner--;
    // Whoever tells those around does not come by here any more.
    if (mayBeUntold(this)) tell(this, this.owner?.lane);
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

/** The innermost group around a scope, itself included. */
export function groupAround(scope: Scope | undefined): Scope | undefined {
  while (scope !== undefined && !scope.isGroup) scope = scope.parent;
  return scope;
}
