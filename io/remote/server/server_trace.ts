/**
 * What observers are told of the jobs of a server.
 *
 * @module
 */

import { type DiagnosticsChannel, lazyChannel } from "../../../runtime/system/diagnostics.ts";
import type { HeldJob } from "./held_job.ts";

/**
 * A job as those see it who subscribe to the channels `millrace.remote.start`, `millrace.remote.retry` and `millrace.remote.dead` of
 * `node:diagnostics_channel` where it is served.
 */
export interface RemoteJobTrace {
  /** The name of the server. */
  readonly server: string;
  /** What the call is known by. */
  readonly id: string;
  /** The name of the call: that of the function, if it was given none. */
  readonly name: string;
  /** Which attempt this is. */
  readonly attempt: number;
  /** What the caller's side has sent along, in the form of the header `traceparent`. */
  readonly traceparent: string | undefined;
  /** Why it is tried again, or was given up. */
  readonly error: unknown;
}

const channels: Record<"start" | "retry" | "dead", () => DiagnosticsChannel> = {
  start: lazyChannel("remote.start"),
  retry: lazyChannel("remote.retry"),
  dead: lazyChannel("remote.dead"),
};

/** Tells what becomes of a job, where anybody listens. */
export function tellJob(
  what: keyof typeof channels,
  { body, attempt }: HeldJob,
  server: string,
  error?: unknown,
): void {
  const channel = channels[what]();
  if (!channel.hasSubscribers) return;
  const { id, name, label = name, traceparent } = body;
  channel.publish({ server, id, name: label, attempt, traceparent, error } satisfies RemoteJobTrace);
}
