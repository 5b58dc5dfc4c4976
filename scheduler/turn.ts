/**
 * Turns that a flow of control waits for, and what is queued for it when its priority changes.
 *
 * @module
 */

import { loop } from "./loop.ts";
import { Entry, laneOf } from "./run_queue.ts";
import { deliver, laneIn, Scope } from "./scope.ts";
import { keepSettlers, rejectLast, resolveLast } from "./settlers.ts";
import type { Task } from "./task.ts";
import { allowUnawaited, Wait } from "./wait.ts";

/** One turn that a flow of control waits for. Not a member of its scope: it looks at it when its turn has come. */
export class TurnWait extends Entry {
  readonly promise: Promise<void>;
  /** The neighbours among the turns that the owner of the scope waits for. */
  older: TurnWait | undefined = undefined;
  #younger: TurnWait | undefined = undefined;
  readonly #scope: Scope | undefined;
  readonly #what: string | undefined;
  readonly #resolve: () => void;
  readonly #reject: (error: unknown) => void;

  /** `what` says what the turn is for, if it is more than that the task goes on. */
  constructor(scope: Scope | undefined, what?: string) {
    super();
    this.#scope = scope;
    this.#what = what;
    this.promise = new Promise(keepSettlers);
    this.#resolve = resolveLast;
    this.#reject = rejectLast;
    const owner = scope?.owner;
    if (owner === undefined) return;
    this.older = owner.turns;
    if (this.older !== undefined) this.older.#younger = this;
    owner.turns = this;
  }

  override describe(): string {
    const flow = this.#scope?.describe();
    if (this.#what === undefined) return flow ?? "outside any task";
    return flow === undefined ? this.#what : `${this.#what} in ${flow}`;
  }

  override run(): void {
    const owner = this.#scope?.owner;
    if (owner !== undefined) {
      if (this.older !== undefined) this.older.#younger = this.#younger;
      if (this.#younger === undefined) owner.turns = this.older;
      else this.#younger.older = this.older;
    }
    if (this.#scope?.effective === undefined) return this.#resolve();
    allowUnawaited(this.promise);
    this.#reject(deliver(this.#scope));
  }
}

/** A turn that code outside any scope waits for: nothing can cancel it or change its lane. */
class BareTurn extends Entry {
  readonly #resolve: () => void;

  constructor(resolve: () => void) {
    super();
    this.#resolve = resolve;
  }

  override run(): void {
    this.#resolve();
  }
}

/**
 * Waits for a turn, as a checkpoint in `scope`; by default in the lane of the task it belongs to, and in no lower one than it
 * was raised to.
 */
export function turnIn(scope: Scope | undefined, lane?: number, what?: string): Promise<void> {
  if (scope === undefined && what === undefined) {
    const promise = new Promise<void>(keepSettlers);
    loop().queue.enqueue(new BareTurn(resolveLast), lane ?? laneOf("user-visible"));
    return promise;
  }
  const wait = new TurnWait(scope, what);
  loop().queue.enqueue(wait, laneIn(scope, lane));
  return wait.promise;
}

/**
 * Moves what is queued for the flow of control in `scope` into another lane, because somebody more urgent has begun to wait for
 * it, or ceased to. Tells `awaited` whom it waits for in turn: tasks that it awaits, and those of its groups, which it cannot leave
 * before them.
 */
export function moveQueued(scope: Scope, lane: number, awaited: (task: Task<unknown>) => void): void {
  const { queue } = loop();
  const { owner } = scope;
  for (let turn = owner?.turns; owner === (scope as unknown) && turn !== undefined; turn = turn.older) {
    queue.move([turn], lane);
  }
  for (let member = scope.members; member !== undefined; member = member.after) {
    if (member instanceof Scope) {
      if (member.isTask) awaited(member.owner!.handle!);
      else moveQueued(member, lane, awaited);
      continue;
    }
    queue.move([member], member.isContinuation ? lane + 1 : lane);
    if (member instanceof Wait && typeof member.what === "object") awaited(member.what);
  }
}
