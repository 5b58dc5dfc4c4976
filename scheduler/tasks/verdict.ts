/**
 * What a group ends with.
 *
 * @module
 */

import { type Cancelled, TimeoutError } from "../scopes/errors.ts";
import { type Cancellable, cancelledAround, suppress } from "../scopes/exit.ts";
import type { Scope } from "../scopes/scope.ts";
import type { Outcome } from "./deferred.ts";

/** What there is to know of a group whose tasks have ended. */
export interface EndedGroup extends Cancellable {
  readonly name: string;
  /** All failures, in the order in which they happened. */
  readonly failures: readonly unknown[];
  /** The failures after the first, each with those that came after it further in. */
  laterFailures(): unknown[];
  readonly parent: Scope | undefined;
  /** The `timeout` it was given. */
  readonly timeout: number | undefined;
}

/** What a group rejects with. */
export interface Verdict {
  readonly reason: unknown;
  /** Does it only say that the group was cancelled? */
  readonly isCancellation: boolean;
}

/**
 * What the group rejects with, when all has ended: its first failure; the cancellation from around it, if any cancellation has left
 * something undone; its timeout, or its signal's reason. `undefined` where it fulfils.
 */
export function verdictOf(group: EndedGroup, undone: Cancelled | undefined): Verdict | undefined {
  const { failures, request, timeout } = group;
  if (failures.length > 0) {
    suppress(failures[0], group.laterFailures(), group.parent);
    return { reason: failures[0], isCancellation: false };
  }
  const isTimeout = request?.source === "deadline" && timeout !== undefined;
  const isAborted = request?.source === "signal";
  const around = cancelledAround(group);
  if (around !== undefined && (undone !== undefined || isTimeout || isAborted)) {
    return { reason: around, isCancellation: true };
  }
  // It was in force when it cut something short; a shield has gone up since.
  if (undone !== undefined && undone !== request) return { reason: undone, isCancellation: true };
  if (isTimeout) return { reason: new TimeoutError(group.name, timeout), isCancellation: false };
  return isAborted ? { reason: request.reason, isCancellation: true } : undefined;
}

/** How the group ended, as its deferred functions are told. */
export function outcomeOf({ failures, effective }: EndedGroup, value: unknown): Outcome {
  if (failures.length > 0) return { status: "rejected", reason: failures[0] };
  if (effective !== undefined) return { status: "cancelled", reason: effective };
  return { status: "fulfilled", value };
}
