/**
 * Programs run as child processes, on the runtime that runs the test, or on another one.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { executableOf, hostOfThis, type MatrixHost, root, runArguments } from "./hosts.ts";

/** How a program ended and what it printed. */
export interface ChildResult {
  code: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

/** How a program is to be run. */
export interface ChildOptions {
  env?: Record<string, string>;
  /** After how many ms it is killed. Default: a minute. */
  timeout?: number;
  /** Flags of the runtime, before the program. */
  flags?: readonly string[];
  /** On which runtime it runs. Default: the one that runs the test. */
  host?: MatrixHost;
}

/** A program that runs. */
export interface Child {
  readonly process: ChildProcess;
  /** Settles when the program has ended; it is killed after the time limit. */
  readonly ended: Promise<ChildResult>;
  /** Settles with the first match in what the program prints on either stream; rejects when it ends without one. */
  waitFor(pattern: RegExp): Promise<RegExpMatchArray>;
  /** Sends a signal. Deno reports a child that its `kill` was called on as ended by the signal, whatever its exit code. */
  signal(name: "SIGINT" | "SIGTERM"): void;
}

/** Starts a program. */
export function start(
  program: string | URL,
  args: readonly string[] = [],
  options: ChildOptions = {},
): Child {
  const file = typeof program === "string" ? program : fileURLToPath(program);
  const host = options.host ?? hostOfThis();
  const command = host === hostOfThis() ? process.execPath : executableOf(host);
  if (command === undefined) throw new Error(`${host} is not there`);
  const child = spawn(command, [...runArguments(host), ...options.flags ?? [], file, ...args], {
    cwd: root,
    env: { ...process.env, NO_COLOR: "1", ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  let over = false;
  const watchers = new Set<() => void>();
  const tell = () => watchers.forEach((watcher) => watcher());
  child.stdout!.setEncoding("utf8").on("data", (text: string) => (stdout += text, tell()));
  child.stderr!.setEncoding("utf8").on("data", (text: string) => (stderr += text, tell()));
  const ended = new Promise<ChildResult>((resolve, reject) => {
    const killer = setTimeout(() => child.kill("SIGKILL"), options.timeout ?? 60_000);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(killer);
      over = true;
      resolve({ code, signal, stdout, stderr });
      tell();
    });
  });
  function waitFor(pattern: RegExp): Promise<RegExpMatchArray> {
    return new Promise((resolve, reject) => {
      const watcher = () => {
        const match = stdout.match(pattern) ?? stderr.match(pattern);
        if (match === null && !over) return;
        watchers.delete(watcher);
        if (match !== null) resolve(match);
        else reject(new Error(`The program ended without printing ${pattern}:\n${stdout}\n${stderr}`));
      };
      watchers.add(watcher);
      watcher();
    });
  }
  return { process: child, ended, waitFor, signal: (name) => void process.kill(child.pid!, name) };
}

/** Runs a program to its end. */
export function run(
  program: string | URL,
  args: readonly string[] = [],
  options: ChildOptions = {},
): Promise<ChildResult> {
  return start(program, args, options).ended;
}
