/**
 * Lines of pino that say which task has written them, and in which trace.
 *
 * @module
 */

import { trace } from "@opentelemetry/api";
import { type DestinationStream, type Logger, pino } from "pino";
import { currentTask } from "../../mod.ts";

/** Makes a logger. The names of the trace's fields are those that OpenTelemetry has for logs of other forms than its own. */
export function makeLogger(destination?: DestinationStream): Logger {
  const mixin = (): object => {
    const span = trace.getActiveSpan()?.spanContext();
    return { task: currentTask()?.name, trace_id: span?.traceId, span_id: span?.spanId };
  };
  return pino({ mixin }, destination);
}
