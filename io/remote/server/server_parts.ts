/**
 * What the jobs of a server need.
 *
 * @module
 */

import type { Backoff } from "../../../scheduler/waits/backoff.ts";
import type { WorkerPool } from "../../../scheduler/workers/mod.ts";
import type { Engine, JobQueue } from "../engine/engine.ts";

/** What the jobs need of their server. */
export interface ServerParts {
  readonly engine: Engine;
  readonly queue: JobQueue;
  readonly pool: WorkerPool;
  /** How many jobs run at once. */
  readonly size: number;
  /** The name of the server, to callers and in dead letters. */
  readonly worker: string;
  readonly attempts: number;
  readonly beat: number;
  /** May an answer be larger than a message? */
  readonly isLarge: boolean;
  readonly backoff: Backoff;
  readonly retryOn: ((error: unknown) => boolean) | undefined;
  /** There is room for more, or nothing is left. */
  onFree(): void;
}

/** What has become of the jobs of a server. */
export class ServerCounts {
  completed = 0;
  failed = 0;
  cancelled = 0;
  retried = 0;
  redelivered = 0;
  duplicates = 0;
  dead = 0;
  malformed = 0;
}
