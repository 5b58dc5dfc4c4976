/**
 * Bodies on a simulated loop, and the search of every legal schedule.
 *
 * @module
 */

export {
  cancelEverywhere,
  type CancelEverywhereOptions,
  CancellationFailure,
  type CancelReport,
} from "./cancel_everywhere.ts";
export { type Checkpoint, checkpointsOf } from "./checkpoints.ts";
export { type ExpectedStep, expectOrder, type OrderCheck, OrderError } from "./expect_order.ts";
export type { ExploreReport } from "./exploration.ts";
export { explore, type ExploreOptions } from "./explore.ts";
export { exploring, type ExploringArguments, type ExploringBody, type ExploringTest } from "./exploring.ts";
export { type FastCheckArbitrary, type Schedule, schedules, type SchedulesOptions } from "./fast_check/schedules.ts";
export { checkLinearizable, type CheckOptions, type Verdict } from "./history/check_linearizable.ts";
export { drawHistory, type DrawOptions } from "./history/draw_history.ts";
export { formatHistory } from "./history/format_history.ts";
export {
  History,
  history,
  type HistoryOptions,
  type OpenOperation,
  type OperationCall,
  type OperationSettings,
} from "./history/history.ts";
export type { Drawable } from "./history/lanes.ts";
export type { Model } from "./history/model.ts";
export { type ModelLike, type ModelName, models } from "./history/models.ts";
export type { Operation, OperationData, OperationOutcome } from "./history/operation.ts";
export {
  checkSession,
  checkSet,
  checkUnique,
  type Finding,
  type Findings,
  type SessionOptions,
} from "./history/session_checks.ts";
export { type MemoryStream, memoryStream, type MemoryStreamOptions } from "./memory_stream.ts";
export { NondeterminismError } from "./search/choosers.ts";
export { DivergedError, ScheduleFailure } from "./search/schedule_failure.ts";
export type { TraceEntry, TraceKind, TraceWake } from "./search/trace.ts";
export type { SearchStrategy } from "./search/search.ts";
export { simulate } from "./simulate.ts";
export { soak } from "./soak/soak.ts";
export type { SoakBody } from "./soak/seed_run.ts";
export type { SoakTarget } from "./soak/soak_body.ts";
export { SoakFailure } from "./soak/soak_failure.ts";
export type { SoakOptions } from "./soak/soak_options.ts";
export { SoakReport } from "./soak/soak_report.ts";
export type { FoundFailure, SoakFaults, SoakMark, SoakProgress } from "./soak/report_figures.ts";
export type { SlowSeed } from "./soak/tally.ts";
export type { TimelineEntry } from "./soak/timeline.ts";
export type { Seeds } from "./soak/seeds.ts";
export type { SimulateOptions } from "./stage/stage.ts";
