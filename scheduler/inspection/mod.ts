/**
 * What runs at the moment, and how late the loop is.
 *
 * @module
 */

export type { DelayHistogram, DelaySummary } from "../../runtime/basics/histogram.ts";
export type { LongTurn, LoopSnapshot } from "../../runtime/monitor/monitor.ts";
export { LoopMonitor, type LoopMonitorOptions } from "./loop_monitor.ts";
export { formatTasks, type TaskInfo, tasks } from "./task_tree.ts";
export { startTrace, type Trace, type TraceOptions } from "./trace.ts";
