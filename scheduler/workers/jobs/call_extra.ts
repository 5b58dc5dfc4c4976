/**
 * What somebody who calls for somebody else, on another machine, sends along with a call.
 *
 * @module
 */

import type { JobExtra } from "../wire/protocol.ts";

/** What is sent along in the place of what is known here. */
export type CallExtra = Pick<JobExtra, "key" | "attempt" | "path" | "traceparent">;

let current: CallExtra | undefined;

/** The calls that `call` makes at once are made for somebody else. */
export function callFor<T>(extra: CallExtra, call: () => T): T {
  current = extra;
  try {
    return call();
  } finally {
    current = undefined;
  }
}

/** What is to be sent along with a call that is made now. */
export function callExtra(): CallExtra | undefined {
  return current;
}
