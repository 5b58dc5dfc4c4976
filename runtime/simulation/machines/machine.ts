/**
 * What a body can do with a machine of its simulation.
 *
 * @module
 */

import { checkCount, checkFiniteDuration, checkFunction, checkOptions, show } from "../../basics/check.ts";
import { checkClock, type ClockSettings } from "./clock.ts";

/**
 * - `"running"`, `"paused"`, `"stopping"`: its program runs; does not for a while; has been asked to end.
 * - `"exited"`: its program has ended by itself, or when it was asked to.
 * - `"killed"`, `"crashed"`: it ended wherever it was; by an error that nobody caught.
 */
export type MachineState = "running" | "paused" | "stopping" | "exited" | "killed" | "crashed";

/** Who starts a program again that was killed or has failed, and after how long. */
export interface RestartSettings {
  /** After how many ms the first time. Default: 100. */
  delay?: number;
  /** By how much longer each further time. Default: 2. */
  backoff?: number;
  /** The longest delay, in ms. Default: 10,000. */
  maxDelay?: number;
  /** How many times at most. Default: `Infinity`. */
  atMost?: number;
}

/** How a machine is made. */
export interface MachineOptions {
  /** What is on its disk when it is first started, by path: all of it is safe there. Default: nothing. */
  files?: Readonly<Record<string, string | Uint8Array>>;
  /** How many bytes all its files may have together: a write that needs more fails with ENOSPC. Default: no limit. */
  capacity?: number;
  /** How its clocks differ from those of the world. Default: not at all. */
  clock?: ClockSettings;
  /**
   * Is a program that was killed or has failed started again, as a supervisor does? Without it, an error of the program that nobody
   * catches fails the run. Default: false.
   */
  restart?: boolean | RestartSettings;
}

/** What the program of a machine is given. */
export interface MachineContext {
  /** The name of the machine, by which others reach it: `http://NAME:PORT`. */
  readonly name: string;
  /** The how many-th start it is, from 1. */
  readonly life: number;
  /** Aborted when the machine is asked to stop. */
  readonly signal: AbortSignal;
}

/** How a machine is killed. */
export interface KillOptions {
  /**
   * Does the whole machine lose its power, and not only its program its life? Then nobody is told: connections stay silent, and what was
   * not synced may be missing on the disk. Else the system closes the connections, and all that was written is there. Default: false.
   */
  power?: boolean;
}

/** How a machine is started anew. */
export interface RestartOptions {
  /** Is nothing left on its disk, as on a machine that was replaced? Default: false. */
  wipe?: boolean;
  /** Another program from now on: a new version of it. Default: the same. */
  main?: Program | URL;
}

/** A machine of a simulation; made by `sim.machine`. */
export interface Machine {
  /** The name by which others reach it. */
  readonly name: string;
  /** What its program does, or how it has ended. */
  readonly state: MachineState;
  /** The how many-th start of its program it is, from 1. */
  readonly life: number;
  /**
   * Ends its program wherever it is: nothing of it runs any more, not even a `finally`. Does nothing where none runs. Of a program that
   * calls this of itself the rest of the turn runs, but what it asks for from then on comes to nothing.
   */
  kill(options?: KillOptions): void;
  /**
   * Asks the program to end, as SIGTERM does: who listens to that signal is told, else all that runs in it is cancelled. After `limit` ms
   * it is killed. Resolves when it has ended, at once where none runs.
   */
  stop(options?: {
    /** How long the program may take to end, in ms. Default: 10,000. */
    limit?: number;
  }): Promise<void>;
  /** Starts the program anew, with nothing but what is on the disk; kills it before if it runs. */
  restart(options?: RestartOptions): void;
  /** Nothing of it runs until `resume`; what comes to it waits. */
  pause(): void;
  /** Lets it go on. Timers that are overdue fire by when they were due. */
  resume(): void;
  /** Moves its wall clock on by so many ms, or back; its timers and `performance.now()` stay. */
  adjustClock(ms: number): void;
}

/** The program of a machine. Its module is that of all machines, and what that keeps in variables is shared. */
export type Program = (machine: MachineContext) => unknown;

/** Hosts have such names, and URLs write them in small letters. */
const names = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;
const ownNames = /^(?:localhost|[\d.]+)$/;

/** Refuses what no machine is made of. */
export function checkMachine(name: unknown, main: unknown, options: MachineOptions): void {
  if (typeof name !== "string") throw new TypeError(`The name of a machine is a string: received ${show(name)}`);
  if (!names.test(name) || ownNames.test(name)) {
    throw new RangeError(
      `The name of a machine is one of a host, in small letters, such as "db-1": received ${show(name)}`,
    );
  }
  checkProgram(name, main);
  checkOptions(options, "machine", ["files", "capacity", "clock", "restart"]);
  const { files, capacity, clock, restart } = options;
  if (capacity !== undefined) checkCount(capacity, "capacity", 0);
  if (files !== undefined && (typeof files !== "object" || files === null)) {
    throw new TypeError(`files is an object with a content for each path: received ${show(files)}`);
  }
  for (const [path, content] of Object.entries(files ?? {})) {
    if (typeof content === "string" || content as unknown instanceof Uint8Array) continue;
    throw new TypeError(`The content of a file is a string or a Uint8Array: received ${show(content)} for ${path}`);
  }
  if (clock !== undefined) checkClock(clock);
  if (restart !== undefined && typeof restart !== "boolean") checkRestart(restart);
}

/** Refuses what is no program. */
export function checkProgram(name: string, main: unknown): void {
  if (!(main instanceof URL)) checkFunction(main, `The program of the machine ${name}`);
}

function checkRestart(restart: RestartSettings): void {
  checkOptions(restart, "machine", ["delay", "backoff", "maxDelay", "atMost"]);
  const { delay, backoff, maxDelay, atMost } = restart;
  if (delay !== undefined) checkFiniteDuration(delay, "The delay of a restart");
  if (maxDelay !== undefined) checkFiniteDuration(maxDelay, "The longest delay of a restart");
  if (atMost !== undefined && atMost !== Infinity) checkCount(atMost, "atMost", 0);
  if (backoff === undefined) return;
  if (typeof backoff !== "number") throw new TypeError(`backoff has to be a number: received ${show(backoff)}`);
  if (!(backoff >= 1 && backoff < Infinity)) throw new RangeError(`backoff is at least 1: received ${backoff}`);
}
