/**
 * A simulated loop, and the model of which orders a host allows.
 *
 * @module
 */

export {
  DeadlockError,
  InvariantError,
  LeakError,
  LivelockError,
  MachineCrashError,
  UnhandledRejectionError,
} from "./loop/errors.ts";
export type { LoopApi, LoopHandle, LoopProgram } from "./model/loop_program.ts";
export { allowsOrder, predictOrders } from "./model/predict_orders.ts";
export type { ProfileName } from "./model/profile.ts";
export type { LinkSettings, PartitionSettings } from "./network/link.ts";
export type { FaultKind } from "./faults/kinds.ts";
export type { FaultsSettings } from "./faults/settings.ts";
export type { ClockSettings } from "./machines/clock.ts";
export type {
  KillOptions,
  Machine,
  MachineContext,
  MachineOptions,
  MachineState,
  Program,
  RestartOptions,
  RestartSettings,
} from "./machines/machine.ts";
export type { Network } from "./network/network.ts";
export type { MachineName, Partition, PathSettings } from "./network/paths.ts";
export { observeOrder } from "./observation/observe_order.ts";
export type { Check } from "./run/checks.ts";
export type { FaultOptions, IoOptions, Simulation } from "./run/simulation.ts";
export type { Workers } from "./workers/workers.ts";
