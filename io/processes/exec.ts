/**
 * Other programs, as waits of a task.
 *
 * ```
 *   running ──it exits──> what it has started is ended, its output taken ──> result, or ExitError
 *      └──cancelled, out of time, too much output──> SIGTERM to all of it ──grace──> SIGKILL ──> thrown
 * ```
 *
 * @module
 */

import { concatenate } from "../../runtime/basics/bytes.ts";
import { checkCount, checkDuration, checkFunction, checkOptions, show } from "../../runtime/basics/check.ts";
import { type HostExit, type HostProcess, spawnProcess, type Stdio } from "../../runtime/system/processes.ts";
import { loop } from "../../scheduler/queue/loop.ts";
import { currentScope } from "../../scheduler/scopes/current_scope.ts";
import { TimeoutError } from "../../scheduler/scopes/errors.ts";
import { checkSignal, onAbort } from "../../scheduler/scopes/foreign_signal.ts";
import { Wait } from "../../scheduler/waits/wait.ts";
import { ExecResult, ExitError } from "./exec_result.ts";

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

/**
 * Runs a program to its end. The arguments go to it as they are: no shell reads them.
 *
 * Nothing of it outlives the call. When its scope is cancelled, its signal aborted, its time over, or its output too long, the
 * program and all that it has started get SIGTERM, after `grace` SIGKILL, and only then does the promise reject. What a program has
 * left running when it exits is ended likewise.
 *
 * @throws {TypeError} or {RangeError} at the call, for arguments of a wrong kind or range.
 * @throws {ExitError} (rejection) when it does not end with exit code 0, unless `check` is false.
 * @throws {TimeoutError} (rejection) when `options.timeout` has passed.
 * @throws {RangeError} (rejection) when it prints more than `maxBytes`.
 * @throws {Error} (rejection) with the system's code, such as "ENOENT", when it cannot be started.
 *
 * @example
 * ```ts
 * import { exec } from "@millrace/millrace/io";
 *
 * const result = await exec("sort", [], { input: "b\na\n" });
 * console.log(result.lines().join(" "));
 * // -> a b
 * ```
 */
export function exec(command: string, args: readonly string[] = [], options: ExecOptions = {}): Promise<ExecResult> {
  if (typeof command !== "string" || command === "") {
    throw new TypeError(`A command is the name or the path of a program: received ${show(command)}`);
  }
  if (!Array.isArray(args) || args.some((arg) => typeof arg !== "string")) {
    throw new TypeError(`The arguments of a program are a list of strings: received ${show(args)}`);
  }
  for (const text of [command, ...args]) {
    if (text.includes("\0")) throw new TypeError(`No program can be given a NUL character: received ${show(text)}`);
  }
  return new RunningProgram(command, args, checkExecOptions(options)).run();
}

type Settings =
  & Required<Pick<ExecOptions, "stdout" | "stderr" | "maxBytes" | "timeout" | "grace" | "check">>
  & ExecOptions;

/** One program that runs. */
class RunningProgram {
  readonly #command: string;
  readonly #args: readonly string[];
  readonly #options: Settings;
  #program: HostProcess | undefined = undefined;
  /** Why the program is being ended, if it was not its own will. */
  #failure: { error: unknown } | undefined = undefined;
  #stopping = false;
  /** Were the streams closed by us, as the grace was over? */
  #closed = false;
  #killTimer: { cancel(): void } | undefined = undefined;

  constructor(command: string, args: readonly string[], options: Settings) {
    this.#command = command;
    this.#args = args;
    this.#options = options;
  }

  async run(): Promise<ExecResult> {
    const { signal, timeout } = this.#options;
    const wait = new Wait<ExecResult>(currentScope(), () => this.#stop(), this.#command);
    if (wait.interrupted) return await wait.promise;
    if (signal?.aborted) {
      wait.abandon();
      throw signal.reason;
    }
    const leaveSignal = signal && onAbort(signal, (reason) => this.#fail(reason));
    const timer = timeout === Infinity
      ? undefined
      : loop().timers.setTimer(() => this.#fail(new TimeoutError(this.#command, timeout)), timeout);
    const ended = this.#runToEnd();
    ended.then((result) => wait.resolve(result), (error) => wait.reject(error));
    try {
      return await wait.promise;
    } finally {
      // A cancellation comes before the end.
      await ended.catch(() => {});
      timer?.cancel();
      leaveSignal?.();
    }
  }

  async #runToEnd(): Promise<ExecResult> {
    const { cwd, env, input, stdout, stderr } = this.#options;
    const program = await spawnProcess(this.#command, this.#args, {
      cwd,
      env,
      stdio: [input === undefined ? "ignore" : "pipe", stdioOf(stdout), stdioOf(stderr)],
    });
    this.#program = program;
    // It may have been cancelled while it was being started.
    if (this.#stopping) this.#signalAll();
    const outputs = Promise.all([this.#take(program.stdout, stdout), this.#take(program.stderr, stderr)]);
    const feeding = this.#feed(program, input);
    let exit: HostExit;
    try {
      exit = await program.exited;
    } catch (error) {
      program.closeStreams();
      throw Object.assign(new Error(`Cannot run ${this.#command}: ${(error as Error).message}`, { cause: error }), {
        code: (error as { code?: string }).code,
      });
    }
    // What it has left running would keep its output open, or outlive us.
    this.#signalAll();
    const [out, err] = await outputs;
    this.#killTimer?.cancel();
    program.closeStreams();
    await feeding;
    if (this.#failure !== undefined) throw this.#failure.error;
    const result = new ExecResult(exit, out, err);
    if (this.#options.check && exit.exitCode !== 0) throw new ExitError(this.#command, result);
    return result;
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#stop();
  }

  #stop(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#signalAll();
  }

  /** SIGTERM to the program and all that it has started, and after the grace SIGKILL. */
  #signalAll(): void {
    const program = this.#program;
    if (program === undefined) return;
    program.signal("SIGTERM");
    this.#killTimer ??= loop().timers.setTimer(
      () => {
        program.signal("SIGKILL");
        this.#closed = true;
        program.closeStreams();
      },
      this.#options.grace,
      { real: true },
    );
  }

  /** Takes an output to its end; what comes after a failure is dropped. */
  async #take(stream: AsyncIterable<Uint8Array> | undefined, output: ExecOutput): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    let length = 0;
    try {
      for await (const chunk of stream ?? []) {
        if (this.#failure !== undefined) continue;
        if (typeof output === "function") {
          await this.#hand(output, chunk);
          continue;
        }
        chunks.push(chunk);
        length += chunk.byteLength;
        if (length > this.#options.maxBytes) {
          this.#fail(new RangeError(`${this.#command} printed more than ${this.#options.maxBytes} bytes`));
        }
      }
    } catch (error) {
      // Some hosts throw when a stream is closed because somebody still has its other end.
      if (!this.#stopping && !this.#closed) this.#fail(error);
    }
    return concatenate(chunks, length);
  }

  async #hand(output: (chunk: Uint8Array) => void | PromiseLike<void>, chunk: Uint8Array): Promise<void> {
    try {
      await output(chunk);
    } catch (error) {
      this.#fail(error);
    }
  }

  async #feed(program: HostProcess, input: ExecOptions["input"]): Promise<void> {
    if (input === undefined) return;
    let over = false;
    const exited = program.exited.then(() => {
      over = true;
    }, () => {
      over = true;
    });
    try {
      if (typeof input === "string") await program.write(new TextEncoder().encode(input));
      else if (input instanceof Uint8Array) await program.write(input);
      else {
        const chunks = input[Symbol.asyncIterator]();
        while (!over) {
          const next = await Promise.race([chunks.next(), exited]);
          if (over || next === undefined || next.done) break;
          // Who makes input without ever waiting would not let us see the exit.
          if (!await program.write(next.value)) over = true;
        }
        // Whoever still makes input is told, not waited for.
        if (over) void chunks.return?.()?.catch(() => {});
      }
    } catch (error) {
      this.#fail(error);
    }
    program.endInput();
  }
}

function stdioOf(output: ExecOutput): Stdio {
  return output === "inherit" || output === "ignore" ? output : "pipe";
}

function checkExecOptions(options: ExecOptions): Settings {
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
  const isIterable = typeof (input as AsyncIterable<Uint8Array> | undefined)?.[Symbol.asyncIterator] === "function";
  if (input !== undefined && typeof input !== "string" && !(input instanceof Uint8Array) && !isIterable) {
    throw new TypeError(
      `The input of a program is a text, bytes, or an async iterable of bytes: received ${show(input)}`,
    );
  }
  return { ...options, stdout, stderr, maxBytes, timeout, grace, check };
}
