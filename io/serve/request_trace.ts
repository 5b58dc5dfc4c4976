/**
 * What observers are told of requests, in the terms of W3C Trace Context.
 *
 * @module
 */

import { randomHex } from "../../runtime/basics/bytes.ts";
import { trimmed } from "../../runtime/basics/field_values.ts";
import { lazyChannel } from "../../runtime/system/diagnostics.ts";
import type { RequestRecord } from "./serve_options.ts";

/**
 * A request as those see it who subscribe to the channels `millrace.request.start`, `millrace.request.error` and
 * `millrace.request.end` of `node:diagnostics_channel`: the same object in all of its messages.
 */
export interface RequestTrace {
  /** The request. */
  readonly request: Request;
  /**
   * What to send as `traceparent` with requests made for this one, and what `context.traceparent` is. A subscriber of the first message
   * may set it, to the place that the request has in a tracer's eyes: the ids are taken from it.
   */
  traceparent: string;
  /** The trace: that of the client's `traceparent`, if it is valid, else a new one. 32 hexadecimal digits. */
  readonly traceId: string;
  /** This request in the trace: 16 hexadecimal digits. */
  readonly spanId: string;
  /** What this request was made for, from the client's `traceparent`. */
  readonly parentId: string | undefined;
  /** The last error that was reported for the request. */
  error: unknown;
  /** How the request ended; from `millrace.request.end` on. */
  record: RequestRecord | undefined;
}

/** What the header `traceparent` says. */
export interface TraceParent {
  readonly traceId: string;
  readonly parentId: string;
  readonly flags: string;
}

const pattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** Reads a `traceparent`; `undefined` for one that is not valid, which is to be treated as if there were none. */
export function parseTraceparent(header: string | null): TraceParent | undefined {
  const match = header === null ? null : pattern.exec(trimmed(header));
  if (match === null) return undefined;
  const [, version, traceId, parentId, flags, more] = match;
  // A later version may have more fields; the first has none.
  if (version === "ff" || (version === "00" && more !== undefined)) return undefined;
  if (/^0+$/.test(traceId!) || /^0+$/.test(parentId!)) return undefined;
  return { traceId: traceId!, parentId: parentId!, flags: flags! };
}

/** A request's place in its trace. */
class Place implements RequestTrace {
  readonly request: Request;
  traceparent: string;
  readonly parentId: string | undefined;
  error: unknown = undefined;
  record: RequestRecord | undefined = undefined;

  constructor(request: Request, traceparent: string, parentId: string | undefined) {
    this.request = request;
    this.traceparent = traceparent;
    this.parentId = parentId;
  }

  get traceId(): string {
    return this.traceparent.slice(3, 35);
  }

  get spanId(): string {
    return this.traceparent.slice(36, 52);
  }
}

/** The place of a request in the trace of its client, or in a new one. */
export function traceOf(request: Request): RequestTrace {
  const parent = parseTraceparent(request.headers.get("traceparent"));
  const traceId = parent?.traceId ?? randomHex(16);
  // Of the flags only "sampled" has a meaning that may be passed on; a trace that begins here is for whoever asked.
  const flags = parent === undefined ? "01" : (parseInt(parent.flags, 16) & 1).toString().padStart(2, "0");
  return new Place(request, `00-${traceId}-${randomHex(8)}-${flags}`, parent?.parentId);
}

const started = lazyChannel("request.start");
const failed = lazyChannel("request.error");
const ended = lazyChannel("request.end");

/** Does anybody want to know? A channel of its own is asked: that of Bun's `tracingChannel` does not say. */
export function isTraced(): boolean {
  return started().hasSubscribers || ended().hasSubscribers || failed().hasSubscribers;
}

/** A request begins: calls `fn` with the stores that observers have bound to the channel. */
export function runStarted<T>(trace: RequestTrace, fn: () => T): T {
  return started().runStores(trace, fn, undefined);
}

/** An error was reported for a request. */
export function publishError(trace: RequestTrace, error: unknown): void {
  trace.error = error;
  if (failed().hasSubscribers) failed().publish(trace);
}

/** A request has ended. */
export function publishEnd(trace: RequestTrace, record: RequestRecord): void {
  trace.record = record;
  if (ended().hasSubscribers) ended().publish(trace);
}
