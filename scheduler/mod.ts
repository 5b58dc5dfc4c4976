/**
 * The first floor: what runs next, and what belongs together.
 *
 * @module
 */

export { CancelScope, type CancelScopeOptions, effectiveDeadline } from "./scopes/cancel_scope.ts";
export { moveOnAfter, shield, withTimeout } from "./scopes/timeouts.ts";
export { type ChunkedSource, forEachChunked, mapChunked, reduceChunked, runChunked } from "./chunked/chunked.ts";
export { type ChunkedOptions, type ChunkedProgress, type MapChunkedOptions, type SlowItem } from "./chunked/options.ts";
export {
  all,
  allSettled,
  any,
  race,
  type ResultsOf,
  type SettledResultsOf,
  type TaskFunction,
} from "./combinators/combinators.ts";
export { configure, type ConfigureOptions } from "./configure.ts";
export { type UnhandledContext } from "./scopes/unhandled.ts";
export { debounce, type Debounced, type DebounceOptions, throttle, type ThrottleOptions } from "./waits/debounce.ts";
export {
  Cancelled,
  type CancelSource,
  StructureError,
  suppressed,
  TaskCancelledError,
  TeardownError,
  TimeoutError,
  type UnfinishedTask,
} from "./scopes/errors.ts";
export { type IdleTime, nextFrame, type NextFrameOptions, whenIdle, type WhenIdleOptions } from "./waits/idle.ts";
export { interruptible } from "./waits/interruptible.ts";
export { LoopMonitor, type LoopMonitorOptions } from "./inspection/loop_monitor.ts";
export type { DelayHistogram, DelaySummary } from "../runtime/basics/histogram.ts";
export type { LongTurn, LoopSnapshot } from "../runtime/monitor/monitor.ts";
export { main } from "./tasks/main.ts";
export { mapConcurrent } from "./combinators/map_concurrent.ts";
export type { Priority } from "./queue/priority.ts";
export { retry, type RetryOptions } from "./combinators/retry.ts";
export { checkpoint, sleep, sleepUntil, throwIfCancelled } from "./waits/sleep.ts";
export {
  type RestartMode,
  type RestartPolicy,
  type RestartStrategy,
  supervise,
  type SupervisedSpawnOptions,
  type SuperviseOptions,
  type Supervisor,
} from "./supervision/supervisor.ts";
export { SupervisorError } from "./supervision/supervisor_error.ts";
export { Barrier, BarrierBrokenError, type BarrierStatistics } from "./sync/barrier.ts";
export { Channel, type ChannelOptions, type ChannelStatistics } from "./sync/channel.ts";
export { type Receiver, type Sender } from "./sync/channel_ends.ts";
export { ChannelBrokenError, ChannelClosedError, ChannelEndError } from "./sync/channel_errors.ts";
export { Condition, type ConditionStatistics } from "./sync/condition.ts";
export { Latch, type LatchStatistics } from "./sync/latch.ts";
export { Mutex, type MutexStatistics } from "./sync/mutex.ts";
export { Permit } from "./sync/permit.ts";
export { Semaphore, type SemaphoreStatistics } from "./sync/semaphore.ts";
export { Task, type TaskState } from "./scopes/task.ts";
export { currentTask } from "./tasks/current_task.ts";
export {
  group,
  type GroupOptions,
  type GroupStatistics,
  type Outcome,
  type SpawnOptions,
  TaskGroup,
} from "./tasks/task_group.ts";
export { formatTasks, type TaskInfo, tasks } from "./inspection/task_tree.ts";
export {
  type PriorityChangeHandler,
  TaskController,
  type TaskControllerInit,
  TaskSignal,
  type TaskSignalAnyInit,
} from "./web/task_signal.ts";
export { TaskPriorityChangeEvent, type TaskPriorityChangeEventInit } from "./web/priority_change_event.ts";
export { Scheduler, scheduler, type SchedulerPostTaskOptions } from "./web/scheduler.ts";
export type { RunOptions } from "./workers/jobs/call_settings.ts";
export type { Arguments, FunctionName, PoolFunctions, Result, StreamedValue } from "./workers/pool/function_types.ts";
export type { HistogramSummary } from "./workers/histogram.ts";
export { callback } from "./workers/wire/markers.ts";
export type { WorkerPoolOptions } from "./workers/pool/pool_options.ts";
export { PoolClosedError, QueueFullError, WorkerExitError } from "./workers/wire/worker_errors.ts";
export {
  type PoolMapOptions,
  type StreamOptions,
  WorkerPool,
  type WorkerPoolStatistics,
} from "./workers/pool/worker_pool.ts";
