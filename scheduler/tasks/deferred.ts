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

/**
 * Runs deferred functions, last in, first out, each awaited; what one throws is a failure of the group. When the group is given up, because
 * one of them takes longer than it may, those that are left run all the same, at once. Settles when all have ended.
 */
export async function runAllDeferred(
  cleanups: Cleanup[],
  outcome: Outcome,
  group: CleaningGroup,
  teardown: { whenAbandoned(): Promise<void> },
): Promise<void> {
  const begun: Promise<void>[] = [];
  // Those that go on after the group was given up may still register others.
  while (cleanups.length > 0 || begun.length > 0) {
    for (let cleanup = cleanups.pop(); cleanup !== undefined; cleanup = cleanups.pop()) {
      const run = runDeferred(cleanup, outcome, group).then((error) => {
        if (error === undefined) return;
        if (group.abandoned) reportUnhandled(error.reason, group);
        else group.failures.push(error.reason);
      });
      if (!group.abandoned) await Promise.race([run, teardown.whenAbandoned()]);
      if (group.abandoned) begun.push(run);
    }
    await Promise.all(begun.splice(0));
  }
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
