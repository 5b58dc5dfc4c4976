/**
 * The pools that are open, for those who look at the program.
 *
 * @module
 */

import { loop } from "../../queue/loop.ts";
import type { Dispatcher } from "../dispatch/dispatcher.ts";

/** A worker of a pool. */
export interface WorkerState {
  readonly number: number;
  readonly state: "starting" | "idle" | "busy" | "ending";
  /** The call it has had longest, and since when that was submitted, in ms ago. */
  readonly call: { readonly label: string; readonly age: number } | undefined;
  /** How many calls have been sent to it and have not ended, and how many have. */
  readonly calls: number;
  readonly served: number;
}

/** A pool, and its jobs. Weakly held: nobody has to close a pool that has no work. */
const pools = new Set<WeakRef<LivePool>>();

/** What is shown of a pool. */
export interface LivePool {
  readonly name: string;
  readonly size: number;
  readonly jobs: Dispatcher;
}

/** A pool was made; the returned function takes it off the list. */
export function listPool(pool: LivePool): () => void {
  for (const ref of pools) if (ref.deref() === undefined) pools.delete(ref);
  const ref = new WeakRef(pool);
  pools.add(ref);
  return () => void pools.delete(ref);
}

/** The pools that are open, oldest first. */
export function livePools(): LivePool[] {
  return [...pools].map((ref) => ref.deref()).filter((pool) => pool !== undefined);
}

/** The workers of a pool, those of its reserve included. */
export function workersOf({ jobs }: LivePool): WorkerState[] {
  return jobs.crew.workers.map((worker) => {
    const { number, count, served, ready, terminated, first } = worker;
    const call = first && { label: first.settings.label, age: loop().host.now() - first.submitted };
    const state = terminated ? "ending" : !ready ? "starting" : count > 0 ? "busy" : "idle";
    return { number, state, call, calls: count, served };
  });
}
