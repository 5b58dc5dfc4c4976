/**
 * What a worker, a crew and a pool are made of, and why a worker may end.
 *
 * @module
 */

import type { GivenWorker, ThreadOptions } from "../../../runtime/port/worker.ts";
import type { KnownClasses } from "../wire/error_codec.ts";
import type { Apart } from "../wire/parts.ts";

/** Why a worker was told to end. */
export type EndReason = "idle" | "spent" | "stopped" | "closed" | "failed";

let lastNumber = 0;

/** A number that no other worker of the program has. */
export function nextWorkerNumber(): number {
  return ++lastNumber;
}

/** What a worker is made of. */
export interface WorkerSettings {
  /** The worker module, or what starts a thread that serves it. */
  readonly module: URL | (() => GivenWorker);
  readonly name: string;
  readonly thread: ThreadOptions;
  /** What the module's functions find as their `workerData()`, in the first place. */
  readonly workerData: Apart;
  /** How long the module may take to be loaded, in ms, and how long to clean up at the worker's end. */
  readonly startTimeout: number;
  readonly teardownTimeout: number;
  /** After how many bytes or jobs a worker is of no further use. */
  readonly maxMemory: number;
  readonly maxCalls: number;
  /** Classes of errors that come back as what they are. */
  readonly errors: KnownClasses | undefined;
}

/** What became of a worker that has ended. */
export interface WorkerExitInfo {
  /**
   * Why: it had no call for `idleTimeout`, or was started ahead in vain ("idle"), was replaced for its memory or its number of calls ("spent"), was ended because a call
   * did not heed its abort ("stopped") or with the pool ("closed"), or ended by itself, or could not be put to use ("failed").
   */
  readonly reason: "idle" | "spent" | "stopped" | "closed" | "failed";
  /** The exit code, where the host tells it. */
  readonly exitCode: number | undefined;
  /** The error that ended the worker, if there was one. */
  readonly error: unknown;
  /** How many calls had ended in it. */
  readonly calls: number;
}

/** What a crew is made with; checked already. */
export interface CrewSettings extends WorkerSettings {
  readonly size: number;
  readonly min: number;
  readonly idleTimeout: number;
  readonly onWorkerExit: ((exit: WorkerExitInfo) => unknown) | undefined;
}

/** What a pool is made with; checked already. */
export interface PoolSettings extends CrewSettings {
  readonly queueLimit: number;
  /** Are cheap calls run in this thread, and below how many ms, if that is not to be found out? Only with a module that is a URL. */
  readonly inline: boolean | number;
}
