/**
 * The functions that a group runs at its end: those given to `defer`.
 *
 * @module
 */

import { within } from "../scopes/current_scope.ts";
import { Scope } from "../scopes/scope.ts";

/** How a group ended, as its deferred functions see it. */
export type Outcome =
  | { status: "fulfilled"; value: unknown }
  | { status: "rejected"; reason: unknown }
  | { status: "cancelled"; reason: unknown };

/** A function given to `defer`. */
export type Cleanup = (outcome: Outcome) => void | PromiseLike<void>;

/** Runs a deferred function in a shield of its own inside `parent`; answers with what it threw. */
export async function runDeferred(
  cleanup: Cleanup,
  outcome: Outcome,
  parent: Scope | undefined,
): Promise<{ reason: unknown } | undefined> {
  const scope = new Scope(parent);
  scope.setShield(true);
  try {
    await within(scope, cleanup, outcome);
    return scope.inner > 0 ? { reason: await scope.closeLeftOpen() } : undefined;
  } catch (reason) {
    return { reason };
  } finally {
    if (scope.inner > 0) await scope.closeLeftOpen();
    scope.close();
  }
}
