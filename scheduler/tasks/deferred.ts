/**
 * The functions that a group runs at its end: those given to `defer`.
 *
 * @module
 */

import { enter } from "../scopes/exit.ts";
import { Scope } from "../scopes/scope.ts";
import { reportUnhandled } from "../scopes/unhandled.ts";

/** How a group ended, as its deferred functions see it. */
export type Outcome =
  | { status: "fulfilled"; value: unknown }
  | { status: "rejected"; reason: unknown }
  | { status: "cancelled"; reason: unknown };

/** A function given to `defer`. */
export type Cleanup = (outcome: Outcome) => void | PromiseLike<void>;

/** What deferred functions need to know of their group. */
interface CleaningGroup extends Scope {
  readonly failures: unknown[];
  readonly abandoned: boolean;
}

/** What deferred functions need to know of the teardown of their group. */
interface Bound {
  /** Is called when the group is given up, before it rejects. */
  beforeRejection: (() => void) | undefined;
  whenAbandoned(): Promise<void>;
}

/**
 * Runs deferred functions, last in, first out, each awaited; what one throws is a failure of the group. When the group is given up, because
 * one of them takes longer than it may, those that are left are begun all the same, before the group rejects. Settles when all have ended.
 */
export async function runAllDeferred(
  cleanups: Cleanup[],
  outcome: Outcome,
  group: CleaningGroup,
  teardown: Bound,
): Promise<void> {
  const left: Promise<void>[] = [];
  function begin(cleanup: Cleanup): Promise<void> {
    return runDeferred(cleanup, outcome, group).then((error) => {
      if (error === undefined) return;
      if (group.abandoned) reportUnhandled(error.reason, group);
      else group.failures.push(error.reason);
    });
  }
  function beginAll(): void {
    for (let cleanup = cleanups.pop(); cleanup !== undefined; cleanup = cleanups.pop()) left.push(begin(cleanup));
  }
  teardown.beforeRejection = beginAll;
  while (cleanups.length > 0 && !group.abandoned) {
    const run = begin(cleanups.pop()!);
    await Promise.race([run, teardown.whenAbandoned()]);
    if (group.abandoned) left.push(run);
  }
  // Those that go on may still register others.
  for (beginAll(); left.length > 0; beginAll()) await Promise.all(left.splice(0));
}

/** Runs a deferred function in a shield of its own inside `parent`; answers with what it threw. */
export async function runDeferred(
  cleanup: Cleanup,
  outcome: Outcome,
  parent: Scope | undefined,
): Promise<{ reason: unknown } | undefined> {
  const scope = new Scope(parent);
  scope.setShield(true);
  try {
    await enter(scope, cleanup, outcome);
    return scope.inner > 0 ? { reason: await scope.closeLeftOpen() } : undefined;
  } catch (reason) {
    return { reason };
  } finally {
    if (scope.inner > 0) await scope.closeLeftOpen();
    scope.close();
  }
}
