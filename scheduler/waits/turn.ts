/**
 * Turns that a flow of control waits for, and what is queued for it when its priority changes.
 *
 * @module
 */

import { allowUnawaited } from "../../runtime/basics/promises.ts";
import { Entry } from "../queue/entry.ts";
import { loop } from "../queue/loop.ts";
import { laneOf } from "../queue/priority.ts";
import { keepSettlers, rejectLast, resolveLast } from "../queue/settlers.ts";
import { deliver, isCancelled, laneIn } from "../scopes/current_scope.ts";
import type { Scope, WaitingTurn } from "../scopes/scope.ts";

/** One turn that a flow of control waits for. Not a member of its scope: it looks at it when its turn has come. */
export class TurnWait extends Entry implements WaitingTurn {
  readonly promise: Promise<void>;
  older: WaitingTurn | undefined = undefined;
  younger: WaitingTurn | undefined = undefined;
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
    if (this.older !== undefined) this.older.younger = this;
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
      if (this.older !== undefined) this.older.younger = this.younger;
      if (this.younger === undefined) owner.turns = this.older;
      else this.younger.older = this.older;
    }
    if (!isCancelled(this.#scope)) return this.#resolve();
    allowUnawaited(this.promise);
    this.#reject(deliver(this.#scope!));
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
