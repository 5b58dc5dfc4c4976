/**
 * The scope that the calling code runs in, and what it means for what continues there; the scopes at the top of the tree.
 *
 * @module
 */

import { type Loop, loop } from "../queue/loop.ts";
import { offerCallScopes } from "./call_scope.ts";
import { mayBeOverdue } from "./deadline_timer.ts";
import type { Cancelled } from "./errors.ts";
import type { Scope } from "./scope.ts";

offerCallScopes();

/** What a flow of control without a scope of its own carries along: it looks like a scope that has closed. */
export interface ClosedFlow {
  readonly closed: true;
  readonly owner: undefined;
  /** The scope to go on to. */
  readonly parent: Scope | undefined;
}

/** What the slot of the context holds. */
export type FlowState = Scope | ClosedFlow;

/** The innermost open scope of the flow of control; `undefined` outside any, and in what outlives its task. */
export function currentScope(): Scope | undefined {
  let state = loop().context.get() as FlowState | undefined;
  while (state?.closed) {
    if (state.owner === (state as unknown)) return undefined;
    state = state.parent;
  }
  return state;
}

/** Calls `fn(argument)` with `scope` as the innermost scope. */
export function within<A, R>(scope: Scope | undefined, fn: (argument: A) => R, argument: A): R {
  return loop().context.run(scope, fn, argument);
}

/** Is a scope cancelled by now? Its deadline counts as soon as it has passed, also where the loop was too busy to tell. */
export function isCancelled(scope: Scope | undefined): boolean {
  if (scope === undefined) return false;
  if (scope.effective === undefined && mayBeOverdue()) cancelOverdue(scope);
  return scope.effective !== undefined;
}

/** Cancels those scopes, from this one out to a shield, whose deadlines have passed. */
function cancelOverdue(scope: Scope): void {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.shielded ? undefined : at.parent) {
    at.lookAtClock();
  }
}

/** The scope's cancellation, on its way to be thrown. */
export function deliver(scope: Scope): Cancelled | undefined {
  const owner = scope.owner;
  if (owner?.effective !== undefined) owner.delivered = true;
  return scope.effective;
}

/**
 * The lane for what continues in `scope`: that of the task it belongs to; or the given one, unless the task has been raised
 * above it by somebody who waits.
 */
export function laneIn(scope: Scope | undefined, lane?: number): number {
  const owner = scope?.owner;
  if (owner === undefined) return lane ?? 2;
  if (lane === undefined || (owner.lane > owner.baseLane && owner.lane > lane)) return owner.lane;
  return lane;
}

/** The roots of each loop. */
const rootsOf = new WeakMap<Loop, Set<Scope>>();

/** The roots of the loop that was asked for last: a group asks at its beginning, and the loop changes only with a simulation. */
let last: { loop: Loop; roots: Set<Scope> } | undefined;

/** Keeps the scopes at the top of a loop in a set that is given: a simulation wants to know whose they are. */
export function keepRoots(loop: Loop, set: Set<Scope>): void {
  rootsOf.set(loop, set);
}

/** The scopes at the top: groups that are open outside any other, and those that were given up and have not ended. */
export function roots(): Set<Scope> {
  const current = loop();
  if (last?.loop !== current) {
    let found = rootsOf.get(current);
    if (found === undefined) rootsOf.set(current, found = new Set());
    last = { loop: current, roots: found };
  }
  return last.roots;
}

/** What a body is given that runs in a scope of its own. */
export interface BodyContext {
  /** Aborted when code in the body is cancelled, from wherever; made when first read. */
  readonly signal: AbortSignal;
}

/** A scope as the body in it sees it; outside any, nothing cancels. */
export function contextOf(scope: Scope | undefined): BodyContext {
  return new ScopeContext(scope);
}

/** A class, because an object with a getter of its own takes ten times as long to make. */
class ScopeContext implements BodyContext {
  readonly #scope: Scope | undefined;

  constructor(scope: Scope | undefined) {
    this.#scope = scope;
  }

  get signal(): AbortSignal {
    return this.#scope?.signal ?? new AbortController().signal;
  }
}
