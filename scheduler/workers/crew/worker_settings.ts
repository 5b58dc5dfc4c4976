/**
 * What a worker is made of, and why it may end.
 *
 * @module
 */

import type { GivenWorker, ThreadOptions } from "../../../runtime/port/worker.ts";
import type { KnownClasses } from "../wire/error_codec.ts";
import type { Apart } from "../wire/parts.ts";

/** Why a worker was told to end. */
export type EndReason = "idle" | "spent" | "stopped" | "closed" | "failed";

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
