/**
 * What happens to a scope or group that is still open when the code around it has ended.
 *
 * @module
 */

import { StructureError } from "./errors.ts";
import { Scope } from "./scope.ts";

/**
 * Cancels the scopes and groups that are open directly inside `scope`, waits until they have closed, and answers with
 * the error that says so.
 */
export async function closeLeftOpen(scope: Scope): Promise<StructureError> {
  const open: Scope[] = [];
  for (let member = scope.members; member !== undefined; member = member.after) {
    if (member instanceof Scope && !member.isTask) open.push(member);
  }
  const names = open.map((inner) => (inner as { name?: string }).name ?? "a scope").join(", ");
  const error = new StructureError(`${names} was left open inside another: await it before the code around it ends`);
  for (const inner of open) {
    inner.leftOpen();
    inner.cancel("cancel", error);
  }
  if (scope.inner > 0) {
    await new Promise<void>((resolve) => {
      scope.onInnerClosed(() => {
        if (scope.inner === 0) resolve();
      });
    });
    scope.onInnerClosed(undefined);
  }
  return error;
}
