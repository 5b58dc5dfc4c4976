/**
 * What one run is made with, and who sees it.
 *
 * @module
 */

import type { FaultPlan } from "../faults/plan.ts";
import type { Choose, LoopEvent } from "../loop/loop_event.ts";

/** What one run is made with. */
export interface RunSettings {
  readonly choose: Choose;
  readonly seed: number;
  readonly keepPlaces: boolean;
  /** May timers fire late, where the schedule says so? */
  readonly late?: boolean;
  /** Is told of each macrotask, as it runs. */
  readonly observe?: ((event: LoopEvent) => void) | undefined;
  /** Decides which faults happen; without it, the schedule does. */
  readonly plan?: FaultPlan | undefined;
  /** After how many macrotasks a body that has not ended is taken for a livelock. */
  readonly maxSteps: number;
  /** Sees what is of no account for how the run goes. */
  readonly witness?: RunWitness | undefined;
  /** Does the body print all the same, where that is held back? */
  readonly prints?: boolean;
}

/** Sees what happens in a run beside its macrotasks. */
export interface RunWitness {
  /** Something was asked of the loop that has this number. */
  asked(id: number): void;
  /** The body has printed something. */
  printed(method: string, text: string): void;
  /** A mark was reached, and its condition held. */
  marked(label: string): void;
}

/** What the layers above have to say about a run. */
export interface RunHooks {
  /** A run begins. */
  onBegin(): void;
  /** The unfinished tasks, each with what it waits for. */
  unfinished(): readonly string[];
  /** Unfinished tasks of which each waits for the next, and the last for the first. */
  cycle(): readonly string[];
  /** What else was left behind, and where it was made. */
  left(): readonly { what: string; place: Error | undefined }[];
  /** What stands for the flow of control, to `isCancelled`. */
  scope(): object | undefined;
  isCancelled(scope: object): boolean;
  /** Does another simulation wait for this one to end? */
  isWaitedFor(): boolean;
}
