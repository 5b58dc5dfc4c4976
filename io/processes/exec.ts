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

import { ByteBuffer } from "../../runtime/basics/bytes.ts";
import { show } from "../../runtime/basics/check.ts";
import type { ProcessGroup } from "../../runtime/system/process_group.ts";
import { type HostExit, type HostProcess, spawnProcess, type Stdio } from "../../runtime/system/processes.ts";
import { loop } from "../../scheduler/queue/loop.ts";
import { currentScope } from "../../scheduler/scopes/current_scope.ts";
import { TimeoutError } from "../../scheduler/scopes/errors.ts";
import { onAbort } from "../../scheduler/scopes/foreign_signal.ts";
import { Wait } from "../../scheduler/waits/wait.ts";
import { checkExecOptions, checkNoNul, type ExecOptions, type ExecOutput, type ExecSettings } from "./exec_options.ts";
import { ExecResult, ExitError } from "./exec_result.ts";

/**
 * Runs a program to its end. The arguments go to it as they are: no shell reads them. One that begins with `-` is an option to most
 * programs: put `--` before what strangers have written.
 *
 * Nothing of it outlives the call. When its scope is cancelled, its signal aborted, its time over, or its output too long, the
 * program and all that it has started get SIGTERM, after `grace` SIGKILL, and only then does the promise reject. What a program has
 * left running when it exits is ended likewise, whether or not it holds any output. When this process ends by itself, by an error that
 * nobody catches too, or by the second signal of `main`, all of it gets SIGKILL. What has begun a session of its own (`setsid`) escapes.
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
  for (const text of [command, ...args]) checkNoNul(text);
  return new RunningProgram(command, args, checkExecOptions(options)).run();
}

/** One program that runs. */
class RunningProgram {
  readonly #command: string;
  readonly #args: readonly string[];
  readonly #options: ExecSettings;
  #program: HostProcess | undefined = undefined;
  /** Why the program is being ended, if it was not its own will. */
  #failure: { error: unknown } | undefined = undefined;
  #stopping = false;
  /** Were the streams closed by us, as the grace was over? */
  #closed = false;
  #killTimer: { cancel(): void } | undefined = undefined;
  #vainKills = 0;

  constructor(command: string, args: readonly string[], options: ExecSettings) {
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
    const stdio: [Stdio, Stdio, Stdio] = [input === undefined ? "ignore" : "pipe", stdioOf(stdout), stdioOf(stderr)];
    const starting = spawnProcess(this.#command, this.#args, { cwd, env, stdio });
    const program = await starting.catch((error) => {
      throw this.#cannotRun(error);
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
      program.group?.close();
      // That its streams end before their end is no failure of its own, whose grace would hold the process.
      this.#closed = true;
      program.closeStreams();
      this.#killTimer?.cancel();
      throw this.#cannotRun(error);
    }
    // What it has left running would keep its output open, or outlive us.
    this.#signalAll();
    await this.#allEnded(program.group);
    const [out, err] = await outputs;
    this.#killTimer?.cancel();
    program.closeStreams();
    await feeding;
    if (this.#failure !== undefined) throw this.#failure.error;
    const result = new ExecResult(exit, out, err);
    if (this.#options.check && exit.exitCode !== 0) throw new ExitError(this.#command, result);
    return result;
  }

  #cannotRun(error: unknown): Error {
    const { message, code } = error as { message: string; code?: string };
    return Object.assign(new Error(`Cannot run ${this.#command}: ${message}`, { cause: error }), { code });
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
    program.group?.signal("SIGTERM");
    // Who was stopped would not see it.
    program.group?.signal("SIGCONT");
    this.#killTimer ??= loop().timers.setTimer(
      () => {
        program.group?.signal("SIGKILL");
        this.#closed = true;
        program.closeStreams();
      },
      this.#options.grace,
      { real: true },
    );
  }

  /** The program has exited: waits until nobody is left of what it has started, which the grace bounds. */
  async #allEnded(group: ProcessGroup | undefined): Promise<void> {
    // Each look takes time from those who are to end.
    for (let pause = 1; group?.isLeft; pause = Math.min(2 * pause, 64)) {
      const wasKilled = this.#closed;
      if (pause > 8 && await group.hasEnded()) break;
      if (wasKilled) group.signal("SIGKILL");
      // Not even SIGKILL ends what hangs in the system, or belongs to somebody else by now.
      if (wasKilled && pause === 64 && ++this.#vainKills > mostVainKills) break;
      await new Promise<void>((resolve) => loop().timers.setTimer(resolve, pause, { real: true }));
    }
    group?.close();
  }

  /** Takes an output to its end; what comes after a failure is dropped. */
  async #take(stream: AsyncIterable<Uint8Array> | undefined, output: ExecOutput): Promise<Uint8Array> {
    // A program that prints byte by byte would make us keep a million arrays of one.
    const collected = new ByteBuffer();
    try {
      for await (const chunk of stream ?? []) {
        if (this.#failure !== undefined) continue;
        if (typeof output === "function") {
          await this.#hand(output, chunk);
        } else if (collected.length + chunk.byteLength > this.#options.maxBytes) {
          this.#fail(new RangeError(`${this.#command} printed more than ${this.#options.maxBytes} bytes`));
        } else {
          collected.append(chunk);
        }
      }
    } catch (error) {
      // Some hosts throw when a stream is closed because somebody still has its other end.
      if (!this.#stopping && !this.#closed) this.#fail(error);
    }
    return collected.take().slice();
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

/** How often SIGKILL may be sent in vain, 64 ms apart. */
const mostVainKills = 15;

function stdioOf(output: ExecOutput): Stdio {
  return output === "inherit" || output === "ignore" ? output : "pipe";
}
