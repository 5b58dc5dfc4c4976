/**
 * Programs and signals.
 *
 * @module
 */

export type { HostSignal } from "../../runtime/port/host.ts";
export { exec } from "./exec.ts";
export type { ExecOptions, ExecOutput } from "./exec_options.ts";
export { ExecResult, ExitError } from "./exec_result.ts";
export { signals } from "./signals.ts";
