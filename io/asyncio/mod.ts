/**
 * The names of Python's asyncio, over tasks.
 *
 * @module
 */

export {
  callAt,
  callLater,
  callSoon,
  createTask,
  type Executor,
  gather,
  Handle,
  runInExecutor,
  runUntilComplete,
  time,
} from "./asyncio.ts";
export { LoopTask } from "./loop_task.ts";
