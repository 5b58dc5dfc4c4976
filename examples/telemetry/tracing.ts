/**
 * Spans kept in memory, as the program and its worker have them. A program of yours has a BatchSpanProcessor with an exporter that
 * sends them somewhere.
 *
 * @module
 */

import { propagation, SpanStatusCode, trace } from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { startSpans } from "./otel.ts";

/** A span as it can cross threads. */
export interface SpanRecord {
  readonly name: string;
  readonly id: string;
  readonly traceId: string;
  /** The id of the span around it. */
  readonly parent: string | undefined;
  /** Is what became of it an error? */
  readonly failed: boolean;
  readonly events: readonly string[];
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Spans that are kept. */
export interface KeptSpans {
  /** Those that have ended. */
  records(): SpanRecord[];
  /** Ends those that are open, and makes no more. */
  stop(): void;
}

/** Sets OpenTelemetry up for this thread. */
export function keepSpans(): KeptSpans {
  const exporter = new InMemorySpanExporter();
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
  const stop = startSpans();
  return {
    records: () =>
      exporter.getFinishedSpans().map((span) => ({
        name: span.name,
        id: span.spanContext().spanId,
        traceId: span.spanContext().traceId,
        parent: span.parentSpanContext?.spanId,
        failed: span.status.code === SpanStatusCode.ERROR,
        events: span.events.map(({ name }) => name),
        attributes: { ...span.attributes },
      })),
    stop() {
      stop();
      trace.disable();
      propagation.disable();
    },
  };
}

/** Spans as a tree: each below its parent, in the order in which they have ended. */
export function formatSpans(spans: readonly SpanRecord[]): string {
  const lines: string[] = [];
  const ids = new Set(spans.map(({ id }) => id));
  function add(parent: string | undefined, indent: string): void {
    for (const span of spans) {
      if (parent === undefined ? ids.has(span.parent ?? "") : span.parent !== parent) continue;
      lines.push(`${indent}${span.name}${span.failed ? " (failed)" : ""}`);
      add(span.id, `${indent}  `);
    }
  }
  add(undefined, "");
  return lines.join("\n");
}
