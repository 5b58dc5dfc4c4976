/**
 * What of a trace has a begin and an end, put together from its events.
 *
 * A span whose begin was not recorded, or is not kept any more, begins with the trace, and one whose end has not come ends with it: none is
 * left without the other.
 *
 * @module
 */

import type { TurnRunner } from "../../runtime/monitor/monitor.ts";
import type { Samples } from "../../runtime/monitor/profiler.ts";
import { pathOf } from "../scopes/scope.ts";
import type { WaitTrace } from "../waits/mod.ts";
import { type CallMessage, Found, type RequestMessage, type TaskTimes, type WaitTimes } from "./trace_found.ts";
import type { TraceEvent, TraceLog } from "./trace_log.ts";
import { Tracks } from "./trace_tracks.ts";

/** What a viewer draws from one time to another, in ms of the host's clock. */
export interface Span {
  readonly kind: "task" | "wait" | "turn" | "slice" | "call" | "request" | "arrow";
  readonly name: string;
  /** The track it lies on, and the group of that. */
  readonly track: string;
  readonly group: string;
  readonly begins: number;
  readonly ends: number;
  /** One of the colours that DevTools knows. */
  readonly color: string;
  readonly properties: readonly (readonly [name: string, value: string])[];
}

/** From how many ms on a turn is drawn as a fault. */
const longTurn = 50;

/**
 * The spans of a trace, those of each kind in the order in which they begin; and `undefined` now and then, where whoever asks may let others
 * run.
 */
export function* spansOf(
  log: TraceLog,
  began: number,
  ended: number,
  samples: Samples | undefined,
): Generator<Span | undefined> {
  const found = new Found(began);
  yield* found.take(log);
  const { tasks, waits, requests, calls, turns } = found;
  yield* slicesOf(turns);
  for (const turn of turns) {
    const { time, detail } = turn;
    const stack = detail <= longTurn ? [] : samples?.stackBetween(time, time + detail) ?? [];
    yield turnOf(turn, tasks.get(turn.task), stack);
  }
  const tracks = new Tracks();
  const rows = new Map<number, { track: string; group: string }>();
  for (const [task, times] of inOrder(tasks)) {
    const path = times.path.replaceAll(/#\d+/g, "");
    const [group, ...inner] = path.split(" > ");
    const row = {
      track: tracks.rowFor(path, times.began, times.ended ?? ended).slice(inner.length === 0 ? 0 : group!.length + 3),
      group: `Tasks of ${group || "the program"}`,
    };
    rows.set(task, row);
    yield { ...taskOf(times, ended), ...row };
  }
  for (const times of waits.values()) {
    const row = rows.get(times.task) ?? { track: "Outside tasks", group: "Waits" };
    yield { ...waitOf(times, ended, (task) => tasks.get(task)?.name ?? `task #${task}`), ...row };
    const { woken, ended: ends } = times;
    if (woken === undefined || ends === undefined) continue;
    yield { kind: "arrow", name: "wakes", begins: woken.at, ends, color: "", properties: [], track: "", group: "" };
  }
  for (const [, { message, began: begins, ended: end }] of inOrder(calls)) {
    yield callOf(message, begins, end ?? ended, end !== undefined);
  }
  for (const [, { message, began: begins, ended: end = ended }] of inOrder(requests)) {
    yield { ...requestOf(message, begins, end), track: tracks.rowFor("Requests", begins, end), group: "Servers" };
  }
}

/** The entries of a map by when they begin. */
function inOrder<K, V extends { readonly began: number }>(map: Map<K, V>): [K, V][] {
  return [...map].sort(([, one], [, other]) => one.began - other.began);
}

function turnOf(
  { time, task, subject, around, detail }: TraceEvent,
  known: TaskTimes | undefined,
  stack: readonly string[],
): Span {
  const path = known?.path ?? pathOf(around);
  const name = known?.name ?? `${subject}#${task}`;
  return {
    kind: "turn",
    name: task === 0 ? (subject as TurnRunner).describe() : `task ${path === "" ? "" : `${path} > `}${name}`,
    track: "Turns",
    group: "Loop",
    begins: time,
    ends: time + detail,
    color: detail > longTurn ? "error" : "primary",
    properties: stack.length === 0 ? [] : [["Most often", stack.join("\n")]],
  };
}

/** The slices that turns make up: each from its first turn to the end of its last. */
function* slicesOf(turns: readonly TraceEvent[]): Generator<Span> {
  let begins = 0;
  let ends = 0;
  let count = 0;
  const slice = (): Span => ({
    kind: "slice",
    name: `${count} turn${count === 1 ? "" : "s"}`,
    track: "Slices",
    group: "Loop",
    begins,
    ends,
    color: "primary-light",
    properties: [],
  });
  for (const { kind, time, detail } of turns) {
    if (kind.startsWith("slice") && count > 0) {
      yield slice();
      count = 0;
    }
    if (count === 0) begins = time;
    ends = time + detail;
    count++;
  }
  if (count > 0) yield slice();
}

type Placeless = Omit<Span, "track" | "group">;

function taskOf({ name, path, began, ended, state }: TaskTimes, traceEnd: number): Placeless {
  return {
    kind: "task",
    name,
    begins: began,
    ends: ended ?? traceEnd,
    color: state === "rejected" ? "error" : state === "cancelled" ? "secondary" : "primary-dark",
    properties: [
      ["State", ended === undefined ? `${state} at the end of the trace` : state],
      ["In", path || "the program"],
    ],
  };
}

function waitOf(
  { message, task, began: begins, woken, ended }: WaitTimes,
  traceEnd: number,
  nameOf: (task: number) => string,
): Placeless {
  return {
    kind: "wait",
    name: `waits for ${nameOfWait(message)}`,
    begins,
    ends: ended ?? traceEnd,
    color: "secondary-light",
    properties: [
      ["Task", task === 0 ? "none" : nameOf(task)],
      ...(woken === undefined || woken.by === 0 ? [] : [["Woken by", nameOf(woken.by)] as const]),
      ...(ended === undefined ? [["Ended", "not before the trace"] as const] : []),
    ],
  };
}

function requestOf({ request, record }: RequestMessage, begins: number, ends: number): Placeless {
  const status = record?.status;
  return {
    kind: "request",
    name: `${request.method} ${pathOfUrl(request.url)}`,
    begins,
    ends,
    color: status !== undefined && status >= 500 ? "error" : "tertiary",
    properties: [["Status", status === undefined ? "none" : String(status)], ["End", record?.end ?? "open"]],
  };
}

function callOf(message: CallMessage, submitted: number, ends: number, hasEnded: boolean): Span {
  const { pool, name, worker, ran, error, path } = message;
  const begins = hasEnded ? Math.max(submitted, ends - ran) : submitted;
  return {
    kind: "call",
    name,
    track: worker === undefined ? `${pool}, this thread` : `${pool}, worker ${worker}`,
    group: "Pools",
    begins,
    ends,
    color: error === undefined ? "tertiary-dark" : "error",
    properties: [
      ["Waited", `${(begins - submitted).toFixed(2)} ms`],
      ["Called by", path || "the program"],
      ...(error === undefined ? [] : [["Failed with", String((error as Error)?.message ?? error)] as const]),
    ],
  };
}

function nameOfWait({ waitingFor }: WaitTrace): string {
  return typeof waitingFor === "object" ? waitingFor.name : waitingFor ?? "something";
}

function pathOfUrl(url: string): string {
  return URL.canParse(url) ? new URL(url).pathname : url;
}
