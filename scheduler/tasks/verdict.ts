/**
 * What a group ends with.
 *
 * @module
 */

import { type Cancelled, suppress, TimeoutError } from "../scopes/errors.ts";
import type { Outcome } from "./deferred.ts";

/** What there is to know of a group whose tasks have ended. */
export interface EndedGroup {
  readonly name: string;
  /** All failures, in the order in which they happened. */
  readonly failures: readonly unknown[];
  /** Its own cancellation. */
  readonly request: Cancelled | undefined;
  /** The cancellation that is in force in it: its own, or one from around. */
  readonly effective: Cancelled | undefined;
  /** The `timeout` it was given. */
  readonly timeout: number | undefined;
}

/**
 * What the group rejects with: its first failure, the cancellation from around that goes on through it, its timeout, or its signal's
 * reason; `undefined` where it fulfils.
 */
export function verdictOf(group: EndedGroup, passing: Cancelled | undefined): { reason: unknown } | undefined {
  const { failures, request, timeout } = group;
  if (failures.length > 0) {
    suppress(failures[0], failures.slice(1));
    return { reason: failures[0] };
  }
  if (passing !== undefined) return { reason: passing };
  if (request?.source === "deadline" && timeout !== undefined) return { reason: new TimeoutError(group.name, timeout) };
  if (request?.source === "signal") return { reason: request.reason };
  return undefined;
}

/** How the group ended, as its deferred functions are told. */
export function outcomeOf({ failures, effective }: EndedGroup, value: unknown): Outcome {
  if (failures.length > 0) return { status: "rejected", reason: failures[0] };
  if (effective !== undefined) return { status: "cancelled", reason: effective };
  return { status: "fulfilled", value };
}
