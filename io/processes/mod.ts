/**
 * Programs and signals.
 *
 * @module
 */

export type { HostSignal } from "../../runtime/port/host.ts";
export { exec, type ExecOptions, type ExecOutput } from "./exec.ts";
export { ExecResult, ExitError } from "./exec_result.ts";
export { signals } from "./signals.ts";
