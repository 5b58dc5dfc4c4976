/**
 * The testing kit: a simulated loop, its order model, and the search of every legal schedule.
 *
 * @module
 */

export { allowsOrder, predictOrders } from "./runtime/simulation/model/predict_orders.ts";
export { observeOrder } from "./runtime/simulation/observation/observe_order.ts";
export type { LoopApi, LoopHandle, LoopProgram } from "./runtime/simulation/model/loop_program.ts";
export type { ProfileName } from "./runtime/simulation/model/profile.ts";
export { simulate } from "./scheduler/exploration/simulate.ts";
export { type SimulateOptions } from "./scheduler/exploration/stage/stage.ts";
export type { IoOptions, Simulation } from "./runtime/simulation/run/simulation.ts";
export { DeadlockError, LeakError, LivelockError, UnhandledRejectionError } from "./runtime/simulation/loop/errors.ts";
export { explore, type ExploreOptions } from "./scheduler/exploration/explore.ts";
export { type ExploreReport } from "./scheduler/exploration/exploration.ts";
export { DivergedError, ScheduleFailure } from "./scheduler/exploration/search/schedule_failure.ts";
export type { SearchStrategy } from "./scheduler/exploration/search/search.ts";
export { NondeterminismError } from "./scheduler/exploration/search/choosers.ts";
export {
  cancelEverywhere,
  type CancelEverywhereOptions,
  CancellationFailure,
  type CancelReport,
} from "./scheduler/exploration/cancel_everywhere.ts";
export { type Checkpoint, checkpointsOf } from "./scheduler/exploration/checkpoints.ts";
export { type ExpectedStep, expectOrder, type OrderCheck, OrderError } from "./scheduler/exploration/expect_order.ts";
export { type MemoryStream, memoryStream, type MemoryStreamOptions } from "./scheduler/exploration/memory_stream.ts";
export {
  type FastCheckArbitrary,
  type Schedule,
  schedules,
  type SchedulesOptions,
} from "./scheduler/exploration/fast_check/schedules.ts";
export type { Network } from "./runtime/simulation/network/network.ts";
export type { Workers } from "./runtime/simulation/workers/workers.ts";
