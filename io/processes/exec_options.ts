/**
 * How a program is to be run.
 *
 * @module
 */

import { checkCount, checkDuration, checkFunction, checkOptions, show } from "../../runtime/basics/check.ts";
import { checkSignal } from "../../scheduler/scopes/foreign_signal.ts";

/**
 * Where an output goes: it is collected for the result; it goes where the program's own goes; nowhere; or chunk by chunk to a
 * function, which is awaited, so that the other program is held up rather than memory filled.
 */
export type ExecOutput = "collect" | "inherit" | "ignore" | ((chunk: Uint8Array) => void | PromiseLike<void>);

/** How a program is to be run. */
export interface ExecOptions {
  /** The folder to run it in. Default: that of this process. */
  cwd?: string | URL;
  /** Its whole environment. Default: that of this process. */
  env?: Record<string, string>;
  /** What it reads from its standard input. Default: nothing. */
  input?: string | Uint8Array | AsyncIterable<Uint8Array>;
  /** Where its standard output goes. Default: "collect". */
  stdout?: ExecOutput;
  /** Where its standard error goes. Default: "collect". */
  stderr?: ExecOutput;
  /** The most bytes that are collected, of each of the two. Default: 16 MiB. */
  maxBytes?: number;
  /** Ends the program when aborted; the promise then rejects with the signal's reason itself. */
  signal?: AbortSignal;
  /** How long it may run, in ms; then it is ended, and the promise rejects with `TimeoutError`. Default: no limit. */
  timeout?: number;
  /** How long it has between SIGTERM and SIGKILL, in ms. Default: 5000. */
  grace?: number;
  /** Is ending with another exit code than 0, or by a signal, an error? Default: true. */
  check?: boolean;
}

/** The options, with their defaults. */
export type ExecSettings =
  & Required<Pick<ExecOptions, "stdout" | "stderr" | "maxBytes" | "timeout" | "grace" | "check">>
  & ExecOptions;

function checkEnvironment({ cwd, env }: ExecOptions): void {
  if (cwd !== undefined && typeof cwd !== "string" && !(cwd instanceof URL)) {
    throw new TypeError(`The folder of a program is a path or a URL: received ${show(cwd)}`);
  }
  checkNoNul(String(cwd));
  if (env === undefined) return;
  if (typeof env !== "object" || env === null) {
    throw new TypeError(`The environment of a program is an object: received ${show(env)}`);
  }
  for (const [name, value] of Object.entries(env)) {
    if (typeof value !== "string") throw new TypeError(`The variable ${name} is a string: received ${show(value)}`);
    checkNoNul(name + value);
    // The rest of such a name would be part of the value of another variable.
    if (name === "" || name.includes("=")) throw new TypeError(`No variable can have the name ${show(name)}`);
  }
}

/** What comes after it would be cut off, or be another argument. */
export function checkNoNul(text: string): void {
  if (text.includes("\0")) throw new TypeError(`No program can be given a NUL character: received ${show(text)}`);
}

/** Checks them, and fills in the defaults. */
export function checkExecOptions(options: ExecOptions): ExecSettings {
  checkOptions(options, "exec", [
    "cwd",
    "env",
    "input",
    "stdout",
    "stderr",
    "maxBytes",
    "signal",
    "timeout",
    "grace",
    "check",
  ]);
  const { stdout = "collect", stderr = "collect", maxBytes = 16 * 1024 * 1024, timeout = Infinity } = options;
  const { grace = 5000, check = true, input, signal } = options;
  for (const output of [stdout, stderr]) {
    if (output === "collect" || output === "inherit" || output === "ignore") continue;
    checkFunction(output, 'An output is "collect", "inherit", "ignore", or it');
  }
  checkCount(maxBytes, "maxBytes", 0);
  checkDuration(timeout, "The timeout of a program");
  checkDuration(grace, "The grace of a program");
  checkSignal(signal);
  checkEnvironment(options);
  const isIterable = typeof (input as AsyncIterable<Uint8Array> | undefined)?.[Symbol.asyncIterator] === "function";
  if (input !== undefined && typeof input !== "string" && !(input instanceof Uint8Array) && !isIterable) {
    throw new TypeError(
      `The input of a program is a text, bytes, or an async iterable of bytes: received ${show(input)}`,
    );
  }
  return { ...options, stdout, stderr, maxBytes, timeout, grace, check };
}
