/**
 * A call, checked, as it goes to other machines.
 *
 * @module
 */

import { checkBoolean, show } from "../../../runtime/basics/check.ts";
import { wallClock } from "../../../runtime/basics/wall_clock.ts";
import { priorityOf } from "../../../scheduler/queue/priority.ts";
import type { RunOptions } from "../../../scheduler/workers/mod.ts";
import { PoolJob, settingsOf } from "../../../scheduler/workers/pool/for_machines.ts";
import { writeBody } from "../wire/messages.ts";
import type { RemoteRunOptions } from "./pool_options.ts";
import { RemoteCall } from "./remote_call.ts";
import type { RemoteCalls } from "./remote_calls.ts";
import { tellPublished } from "./remote_trace.ts";

/** Checks a call and makes it ready; throws what the call is to throw. `credit` is that of a stream. */
export function makeCall(
  calls: RemoteCalls,
  name: string,
  args: readonly unknown[],
  options: RemoteRunOptions,
  credit?: number,
): RemoteCall {
  if (!Array.isArray(args)) throw new TypeError(`The arguments of a call are an array: received ${show(args)}`);
  const settings = settingsOf(name, [], callOptionsOf(options));
  const { idempotencyKey: key, detached, timeout, queueTimeout, runTimeout, onProgress, name: label } = options;
  checkBoolean(detached, "detached");
  checkKey(key, calls, credit);
  const { caller, subjects } = calls;
  const path = settings.extra?.path;
  const id = key ?? calls.nextId();
  const trace = tellPublished({ pool: calls.settings.name, id, name: settings.label, path: path ?? "" });
  const traceparent = trace?.traceparent;
  const sent = [...args];
  const body = {
    id,
    name,
    args: sent,
    inbox: key === undefined ? subjects.inbox(caller) : subjects.keyed(key),
    at: wallClock(),
    ...(isLimit(timeout) && { timeout }),
    ...(isLimit(queueTimeout) && { queueTimeout, tellStart: true }),
    ...(isLimit(runTimeout) && { runTimeout }),
    ...(label !== undefined && { label }),
    ...(path !== undefined && { path }),
    ...(typeof traceparent === "string" && { traceparent }),
    ...(credit !== undefined && { credit }),
    ...(onProgress !== undefined && { progress: true }),
    ...(detached && { isDetached: true }),
  };
  const bytes = writeBody(body, "the call");
  // The bytes have them, until they are stored.
  sent.length = 0;
  return new RemoteCall({
    body: { ...body, args: [] },
    bytes,
    priority: priorityOf(settings.lane),
    job: new PoolJob(settings),
    trace,
  }, calls);
}

/** What a call of a pool of threads may be told, too. */
export function callOptionsOf({ idempotencyKey: _, detached: __, ...rest }: RemoteRunOptions): RunOptions {
  if ("transfer" in rest) throw new TypeError("Nothing moves to another machine: no transfer");
  return rest;
}

function checkKey(key: unknown, { settings: { isOnce } }: RemoteCalls, credit: number | undefined): void {
  if (key === undefined) return;
  if (typeof key !== "string" || !/^\P{Cc}{1,128}$/u.test(key)) {
    throw new TypeError(
      `An idempotencyKey is a text of 1 to 128 characters, all of them visible: received ${show(key)}`,
    );
  }
  if (credit !== undefined) throw new TypeError("A stream has one reader: no idempotencyKey");
  if (isOnce) throw new TypeError("A call that is made at most once has no idempotencyKey");
}

function isLimit(ms: number | undefined): ms is number {
  return ms !== undefined && ms !== Infinity;
}
