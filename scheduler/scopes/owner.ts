/**
 * The task that scopes belong to, as they see it.
 *
 * @module
 */

import type { TurnRunner } from "../../runtime/monitor/monitor.ts";
import type { Entry } from "../queue/entry.ts";
import type { Cancelled } from "./errors.ts";
import type { Task } from "./task.ts";

/** A turn that the owner of a scope waits for. */
export interface WaitingTurn extends Entry {
  /** The neighbours among the turns that the owner waits for. */
  older: WaitingTurn | undefined;
  younger: WaitingTurn | undefined;
}

/** What a task that is the owner of scopes shows to them. */
export interface Owner extends TurnRunner {
  /** `undefined` for a posted callback, which is no task. */
  readonly handle: Task<unknown> | undefined;
  /** The lane of its turns; above that of its own priority while somebody more urgent waits for it. */
  readonly lane: number;
  /** The lane of its own priority. */
  readonly baseLane: number;
  /** The youngest of the turns it waits for; the others follow by `older`. */
  turns: WaitingTurn | undefined;
  /** A checkpoint has thrown the task's own cancellation to it. */
  delivered: boolean;
  readonly effective: Cancelled | undefined;
}
