/**
 * What became of a program.
 *
 * @module
 */

import type { HostExit } from "../../runtime/system/processes.ts";

/** How a program ended, and what it printed. */
export class ExecResult {
  /** The exit code; `null` if a signal ended it. */
  readonly exitCode: number | null;
  /** The signal that ended it; `null` if it exited. */
  readonly signal: string | null;
  /** What was collected of its standard output. */
  readonly stdout: Uint8Array;
  /** What was collected of its standard error. */
  readonly stderr: Uint8Array;

  /** Made by `exec`. */
  constructor({ exitCode, signal }: HostExit, stdout: Uint8Array, stderr: Uint8Array) {
    this.exitCode = exitCode;
    this.signal = signal;
    this.stdout = stdout;
    this.stderr = stderr;
  }

  /** The standard output as text. */
  text(): string {
    return new TextDecoder().decode(this.stdout);
  }

  /** The lines of the standard output, without their ends. */
  lines(): string[] {
    const lines = this.text().split(/\r?\n/);
    if (lines.at(-1) === "") lines.pop();
    return lines;
  }
}

/** A program ended with another exit code than 0, or by a signal. */
export class ExitError extends Error {
  /** "ExitError". */
  override readonly name = "ExitError";
  /** How it ended, and what it printed. */
  readonly result: ExecResult;
  /** The exit code; `null` if a signal ended it. */
  readonly exitCode: number | null;
  /** The signal that ended it; `null` if it exited. */
  readonly signal: string | null;

  /** Made by `exec`. */
  constructor(command: string, result: ExecResult) {
    const how = result.signal === null ? `with exit code ${result.exitCode}` : `by ${result.signal}`;
    const said = printable(new TextDecoder().decode(result.stderr).trim().split("\n").at(-1)!.slice(0, 500));
    super(`${command} ended ${how}${said === "" ? "" : `: ${said}`}`);
    this.result = result;
    this.exitCode = result.exitCode;
    this.signal = result.signal;
  }
}

/** What a program has printed, for a message: it may have been told what to print, and a terminal would obey. */
function printable(text: string): string {
  // deno-lint-ignore no-control-regex -- these are what it is about.
  const control = /[\0-\x1f\x7f-\x9f\u2028\u2029]/g;
  return text.replace(control, (it) => `\\u${it.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
