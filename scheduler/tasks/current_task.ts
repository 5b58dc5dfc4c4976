/**
 * The task that the calling code belongs to.
 *
 * @module
 */

import { currentScope } from "../scopes/current_scope.ts";
import type { Task } from "../scopes/task.ts";

/**
 * The task that the calling code belongs to; `undefined` outside any, and in a callback that outlived its task. Where the host has no
 * async context (browsers) it is known up to the first `await` of a task's function.
 *
 * @example
 * ```ts
 * import { currentTask, group } from "@millrace/millrace";
 *
 * await group((g) => {
 *   g.spawn(() => console.log(currentTask()?.state), { name: "reader" });
 * });
 * ```
 */
export function currentTask(): Task<unknown> | undefined {
  return currentScope()?.owner?.handle;
}
