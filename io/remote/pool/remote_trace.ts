/**
 * What observers are told of the calls of a remote pool.
 *
 * @module
 */

import { lazyChannel } from "../../../runtime/system/diagnostics.ts";

/**
 * A call of a remote pool as those see it who subscribe to the channels `millrace.remote.publish` and `millrace.remote.end` of
 * `node:diagnostics_channel`: the same object in both messages. The first is told in the flow of control that calls.
 */
export interface RemoteCallTrace {
  /** The name of the pool. */
  readonly pool: string;
  /** What the call is known by. */
  readonly id: string;
  /** The name of the call: that of the function, if it was given none. */
  readonly name: string;
  /** The task that calls, as its path of names; empty outside any. */
  readonly path: string;
  /** What to send along, in the form of the header `traceparent`: to be set by a subscriber of the first message. */
  traceparent: string | undefined;
  /** In the second message: which attempt was heard of last, 0 for none. */
  readonly attempt: number;
  /** In the second message: the error of a call that failed, or the reason of one that was aborted. */
  readonly error: unknown;
}

/** That, to whoever tells it. */
export type OwnTrace = { -readonly [K in keyof RemoteCallTrace]: RemoteCallTrace[K] };

const published = lazyChannel("remote.publish");
const ended = lazyChannel("remote.end");

/** A call is made; gives what is told of it, where anybody listens. */
export function tellPublished(call: Pick<RemoteCallTrace, "pool" | "id" | "name" | "path">): OwnTrace | undefined {
  if (!published().hasSubscribers && !ended().hasSubscribers) return undefined;
  const trace: OwnTrace = { ...call, traceparent: undefined, attempt: 0, error: undefined };
  if (published().hasSubscribers) published().publish(trace);
  return trace;
}

/** A call has settled. */
export function tellEnded(trace: OwnTrace, attempt: number, error: unknown): void {
  trace.attempt = attempt;
  trace.error = error;
  if (ended().hasSubscribers) ended().publish(trace);
}
