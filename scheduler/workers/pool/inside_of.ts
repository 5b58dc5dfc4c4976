/**
 * What those see of a pool who share its calls out among machines.
 *
 * @module
 */

import type { Scope } from "../../scopes/scope.ts";
import type { LimitOptions } from "../dispatch/job_limits.ts";
import type { PoolMeter } from "../dispatch/pool_meter.ts";
import type { PoolJob } from "../jobs/job.ts";

/** The inside of a pool. */
export interface PoolInside {
  readonly meter: PoolMeter;
  /** Why a job would not be taken at the moment. */
  readonly refusal: Error | undefined;
  /** Takes a job, whose receiver is told what becomes of it. */
  submit(job: PoolJob, scope: Scope | undefined, options: LimitOptions): void;
  /** Stops the jobs that have not been started; the first of each worker counts as started. */
  abortQueued(reason: unknown): void;
}

const insides: WeakMap<object, PoolInside> = new WeakMap();

/** Lets a pool be looked into. */
export function showInside(pool: object, inside: PoolInside): void {
  insides.set(pool, inside);
}

/** The inside of a pool. */
export function insideOf(pool: object): PoolInside {
  return insides.get(pool)!;
}
