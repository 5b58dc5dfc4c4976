/**
 * The testing kit: a simulated loop, its order model, and the search of every legal schedule.
 *
 * @module
 */

export { allowsOrder, predictOrders } from "./runtime/simulation/predict_orders.ts";
export { observeOrder } from "./runtime/simulation/observe_order.ts";
export type { LoopApi, LoopHandle, LoopProgram } from "./runtime/simulation/loop_program.ts";
export type { ProfileName } from "./runtime/simulation/profile.ts";
export { simulate, type SimulateOptions } from "./scheduler/exploration/simulate.ts";
export type { IoOptions, Simulation } from "./runtime/simulation/run.ts";
export {
  DeadlockError,
  LeakError,
  LivelockError,
  UnhandledRejectionError,
} from "./runtime/simulation/simulation_errors.ts";
