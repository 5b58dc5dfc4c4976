/**
 * The first floor: what runs next, and what belongs together.
 *
 * @module
 */

export {
  CancelScope,
  type CancelScopeOptions,
  effectiveDeadline,
  moveOnAfter,
  shield,
  withTimeout,
} from "./cancel_scope.ts";
export {
  type ChunkedOptions,
  type ChunkedProgress,
  type ChunkedSource,
  forEachChunked,
  mapChunked,
  type MapChunkedOptions,
  reduceChunked,
  runChunked,
  type SlowItem,
} from "./chunked.ts";
export { all, allSettled, any, race, type ResultsOf, type SettledResultsOf, type TaskFunction } from "./combinators.ts";
export { configure, type ConfigureOptions, type UnhandledContext } from "./configure.ts";
export { debounce, type Debounced, type DebounceOptions, throttle, type ThrottleOptions } from "./debounce.ts";
export {
  Cancelled,
  type CancelSource,
  StructureError,
  suppressed,
  TaskCancelledError,
  TeardownError,
  TimeoutError,
  type UnfinishedTask,
} from "./errors.ts";
export { type IdleTime, nextFrame, type NextFrameOptions, whenIdle, type WhenIdleOptions } from "./idle.ts";
export { interruptible } from "./interruptible.ts";
export { LoopMonitor, type LoopMonitorOptions } from "./loop_monitor.ts";
export type { DelayHistogram, DelaySummary } from "../runtime/histogram.ts";
export type { LongTurn, LoopSnapshot } from "../runtime/monitor.ts";
export { main } from "./main.ts";
export { mapConcurrent } from "./map_concurrent.ts";
export type { Priority } from "./run_queue.ts";
export { retry, type RetryOptions } from "./retry.ts";
export { checkpoint, sleep, sleepUntil, throwIfCancelled } from "./sleep.ts";
export {
  type RestartMode,
  type RestartPolicy,
  type RestartStrategy,
  supervise,
  type SupervisedSpawnOptions,
  type SuperviseOptions,
  type Supervisor,
} from "./supervisor.ts";
export { SupervisorError } from "./supervisor_error.ts";
export { Barrier, BarrierBrokenError, type BarrierStatistics } from "./sync/barrier.ts";
export { Channel, type ChannelOptions, type ChannelStatistics, type Receiver, type Sender } from "./sync/channel.ts";
export { ChannelBrokenError, ChannelClosedError, ChannelEndError } from "./sync/channel_errors.ts";
export { Condition, type ConditionStatistics } from "./sync/condition.ts";
export { Latch, type LatchStatistics } from "./sync/latch.ts";
export { Mutex, type MutexStatistics } from "./sync/mutex.ts";
export { Permit } from "./sync/permit.ts";
export { Semaphore, type SemaphoreStatistics } from "./sync/semaphore.ts";
export { currentTask, Task, type TaskState } from "./task.ts";
export {
  group,
  type GroupOptions,
  type GroupStatistics,
  type Outcome,
  type SpawnOptions,
  TaskGroup,
} from "./task_group.ts";
export { formatTasks, type TaskInfo, tasks } from "./task_tree.ts";
export {
  type PriorityChangeHandler,
  TaskController,
  type TaskControllerInit,
  TaskPriorityChangeEvent,
  type TaskPriorityChangeEventInit,
  TaskSignal,
  type TaskSignalAnyInit,
} from "./task_signal.ts";
export { Scheduler, scheduler, type SchedulerPostTaskOptions } from "./web_scheduler.ts";
export type { RunOptions } from "./workers/call_settings.ts";
export type { Arguments, FunctionName, PoolFunctions, Result, StreamedValue } from "./workers/function_types.ts";
export type { HistogramSummary } from "./workers/histogram.ts";
export { callback } from "./workers/markers.ts";
export type { WorkerPoolOptions } from "./workers/pool_options.ts";
export { PoolClosedError, QueueFullError, WorkerExitError } from "./workers/worker_errors.ts";
export {
  type PoolMapOptions,
  type StreamOptions,
  WorkerPool,
  type WorkerPoolStatistics,
} from "./workers/worker_pool.ts";
