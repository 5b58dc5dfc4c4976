/**
 * Tasks and the groups that own them.
 *
 * @module
 */

export { currentTask } from "./current_task.ts";
export type { TaskTrace } from "./task_trace.ts";
export {
  group,
  type GroupOptions,
  type GroupStatistics,
  type Outcome,
  type SpawnOptions,
  TaskGroup,
} from "./task_group.ts";
