/**
 * Functions of a module that run on other threads.
 *
 * @module
 */

export type { HistogramSummary } from "../../runtime/basics/histogram.ts";
export type { GivenWorker } from "../../runtime/port/worker.ts";
export type { WorkerExitInfo } from "./crew/worker_settings.ts";
export type { CallTrace } from "./dispatch/call_trace.ts";
export type { RunOptions } from "./jobs/call_settings.ts";
export type {
  Arguments,
  FunctionName,
  Item,
  PoolFunctions,
  Result,
  RunnableName,
  StreamableName,
  StreamedValue,
} from "./pool/function_types.ts";
export type { WorkerPoolOptions } from "./pool/pool_options.ts";
export { type CloseOptions, type PoolMapOptions, type StreamOptions, WorkerPool } from "./pool/worker_pool.ts";
export type { WorkerPoolStatistics } from "./pool/pool_statistics.ts";
export { callback, type MarkedCallback } from "./wire/markers.ts";
export { PoolClosedError, QueueFullError, WorkerExitError } from "./wire/worker_errors.ts";
