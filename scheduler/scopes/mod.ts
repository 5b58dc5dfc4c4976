/**
 * Cancellation: scopes, deadlines, shields, the handle of a task, and the errors.
 *
 * @module
 */

export { CancelScope, type CancelScopeOptions, currentSignal, effectiveDeadline } from "./cancel_scope.ts";
export type { BodyContext } from "./current_scope.ts";
export {
  Cancelled,
  type CancelSource,
  StructureError,
  TaskCancelledError,
  TeardownError,
  TimeoutError,
  type UnfinishedTask,
} from "./errors.ts";
export { Task, type TaskState } from "./task.ts";
export { moveOnAfter, shield, withTimeout } from "./timeouts.ts";
export type { UnhandledContext } from "./unhandled.ts";
export { suppressed } from "./exit.ts";
