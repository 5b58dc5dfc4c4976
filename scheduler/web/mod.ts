/**
 * The web's own scheduler: `postTask`, `yield` and the signals that carry a priority.
 *
 * @module
 */

export { TaskPriorityChangeEvent, type TaskPriorityChangeEventInit } from "./priority_change_event.ts";
export { Scheduler, scheduler, type SchedulerPostTaskOptions } from "./scheduler.ts";
export {
  type PriorityChangeHandler,
  type PriorityChangeListener,
  TaskController,
  type TaskControllerInit,
  TaskSignal,
  type TaskSignalAnyInit,
} from "./task_signal.ts";
