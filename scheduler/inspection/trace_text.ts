/**
 * A trace as viewers read it: the "Trace Event Format", JSON of Chrome's.
 *
 * What has a begin and an end is written as a measure of `performance.measure`, which DevTools puts on the track that its details name.
 * Turns and calls are written once more as slices of a thread: to those Perfetto can tie an arrow.
 *
 * @module
 */

import type { Samples } from "../../runtime/monitor/profiler.ts";
import { type Span, spansOf } from "./trace_spans.ts";
import type { TraceLog } from "./trace_log.ts";

/** The one process, and its thread. */
const pid = 1;
const tid = 1;

/** How many events are written into one piece of the text. */
const perPiece = 200;

/** An event of the format. */
type FormatEvent = Record<string, unknown>;

/** The text of a trace, in pieces, each made when it is asked for; some are empty. */
export function* traceText(log: TraceLog, began: number, ended: number, samples?: Samples): Generator<string> {
  yield '{"traceEvents":[\n';
  let piece: string[] = [];
  let separator = "";
  for (const event of eventsOf(log, began, ended, samples)) {
    if (event === undefined) {
      yield "";
      continue;
    }
    piece.push(JSON.stringify(event));
    if (piece.length < perPiece) continue;
    yield separator + piece.join(",\n");
    separator = ",\n";
    piece = [];
  }
  if (piece.length > 0) yield separator + piece.join(",\n");
  const metadata = { source: "Millrace", dropped: log.dropped };
  yield `\n],"displayTimeUnit":"ms","metadata":${JSON.stringify(metadata)}}\n`;
}

function* eventsOf(
  log: TraceLog,
  began: number,
  ended: number,
  samples: Samples | undefined,
): Generator<FormatEvent | undefined> {
  /** In us since the beginning. */
  const at = (time: number): number => Math.max(0, Math.round((time - began) * 1000));
  yield* headOf(at(ended));
  const threads = new Map<string, number>();
  let lastId = 0;
  for (const span of spansOf(log, began, ended, samples)) {
    if (span === undefined) {
      yield undefined;
      continue;
    }
    const ts = at(span.begins);
    const end = Math.max(ts, at(span.ends));
    if (span.kind === "turn") {
      // DevTools shows what has this name as the tasks of the main thread, and Perfetto what lies in it.
      yield { ph: "X", cat: "devtools.timeline", name: "RunTask", pid, tid, ts, dur: end - ts, args: {} };
      yield { ph: "X", cat: "millrace", name: span.name, pid, tid, ts, dur: end - ts, args: {} };
    } else if (span.kind === "call") {
      let thread = threads.get(span.track);
      if (thread === undefined) {
        threads.set(span.track, thread = tid + threads.size + 1);
        yield { ph: "M", cat: "__metadata", name: "thread_name", pid, tid: thread, ts: 0, args: { name: span.track } };
      }
      yield { ph: "X", cat: "millrace", name: span.name, pid, tid: thread, ts, dur: end - ts, args: {} };
    } else if (span.kind === "arrow") {
      const id = `arrow${++lastId}`;
      yield { ph: "s", cat: "millrace", name: "wakes", id, pid, tid, ts };
      yield { ph: "f", bp: "e", cat: "millrace", name: "wakes", id, pid, tid, ts: end };
      continue;
    }
    const id2 = { local: `0x${(++lastId).toString(16)}` };
    const common = { cat: "blink.user_timing", name: span.name, id2, pid, tid };
    yield { ph: "b", ...common, ts, args: { detail: JSON.stringify(detailOf(span)) } };
    yield { ph: "e", ...common, ts: end, args: {} };
  }
}

/** What makes a viewer take the rest for what a page did. */
function* headOf(end: number): Generator<FormatEvent> {
  const frames = [{ frame: "main", name: "", processId: pid, url: "http://localhost/" }];
  yield {
    ph: "I",
    s: "t",
    cat: "disabled-by-default-devtools.timeline",
    name: "TracingStartedInBrowser",
    pid,
    tid,
    ts: 0,
    args: { data: { frameTreeNodeId: 1, frames, persistentIds: true } },
  };
  yield { ph: "M", cat: "__metadata", name: "process_name", pid, tid, ts: 0, args: { name: "Renderer" } };
  yield { ph: "M", cat: "__metadata", name: "thread_name", pid, tid, ts: 0, args: { name: "CrRendererMain" } };
  // So that the whole time is shown, also where nothing of ours happened.
  yield { ph: "X", cat: "devtools.timeline", name: "RunTask", pid, tid, ts: end, dur: 0, args: {} };
}

/** The details by which DevTools finds the track of a measure. */
function detailOf({ track, group, color, properties }: Span): object {
  return { devtools: { dataType: "track-entry", track, trackGroup: group, color, properties } };
}
