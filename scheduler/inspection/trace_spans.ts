/**
 * What of a trace has a begin and an end, put together from its events.
 *
 * A span whose begin was not recorded, or is not kept any more, begins with the trace, and one whose end has not come ends with it: none is
 * left without the other.
 *
 * @module
 */

import type { TurnRunner } from "../../runtime/monitor/monitor.ts";
import type { Task } from "../scopes/task.ts";
import type { TaskTrace } from "../tasks/mod.ts";
import type { WaitTrace } from "../waits/mod.ts";
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

/** What a channel tells of a request, as far as it is drawn. */
interface RequestMessage {
  readonly request: { readonly method: string; readonly url: string };
  readonly record?: { readonly status: number | undefined; readonly end: string };
}

/** What a channel tells of a call, as far as it is drawn. */
interface CallMessage {
  readonly pool: string;
  readonly name: string;
  readonly path: string;
  readonly worker: number | undefined;
  readonly ran: number;
  readonly error: unknown;
}

/** What is known of a task. */
interface TaskTimes {
  readonly message: TaskTrace;
  spawned: number;
  started: number | undefined;
  ended: number | undefined;
}

/** What is known of a wait. */
interface WaitTimes {
  readonly message: WaitTrace;
  readonly began: number;
  woken: { readonly at: number; readonly by: Task<unknown> | undefined } | undefined;
  ended: number | undefined;
}

/** The spans of a trace, those of each kind in the order in which they begin. */
export function* spansOf(log: TraceLog, began: number, ended: number): Generator<Span> {
  const tasks = new Map<Task<unknown>, TaskTimes>();
  const waits = new Map<object, WaitTimes>();
  const requests = new Map<object, { message: RequestMessage; began: number; ended: number | undefined }>();
  const calls = new Map<object, { message: CallMessage; began: number; ended: number | undefined }>();
  const turns: TraceEvent[] = [];
  const first = log.dropped > 0 ? firstTime(log) : began;
  for (const event of log.events()) {
    const { kind, time } = event;
    if (kind === "turn") {
      turns.push(event);
    } else if (kind.startsWith("task")) {
      const message = event.message as TaskTrace;
      let times = tasks.get(message.task);
      if (times === undefined) {
        const spawned = kind === "taskSpawn" ? time : first;
        tasks.set(message.task, times = { message, spawned, started: undefined, ended: undefined });
      }
      if (kind === "taskStart") times.started = time;
      if (kind === "taskEnd") times.ended = time;
    } else if (kind.startsWith("wait")) {
      const message = event.message as WaitTrace;
      let times = waits.get(message.wait);
      if (times === undefined) {
        const since = kind === "waitStart" ? time : first;
        waits.set(message.wait, times = { message, began: since, woken: undefined, ended: undefined });
      }
      // A timer's callback has the flow of control of whoever set the host's timer, for which it does nothing.
      const isTimers = message.waitingFor === "sleep";
      if (kind === "waitWake" && !isTimers) times.woken = { at: time, by: event.by as Task<unknown> | undefined };
      if (kind === "waitEnd") times.ended = time;
    } else {
      const known = kind.startsWith("call") ? calls : requests as Map<object, { ended: number | undefined }>;
      const message = event.message as object;
      if (kind.endsWith("Start")) known.set(message, { message, began: time, ended: undefined } as never);
      else if (!known.has(message)) known.set(message, { message, began: first, ended: time } as never);
      else known.get(message)!.ended = time;
    }
  }
  yield* slicesOf(turns);
  for (const { message, time, length } of turns) yield turnOf(message as TurnRunner, time, length);
  const tracks = new Tracks();
  const rows = new Map<Task<unknown>, { track: string; group: string }>();
  for (const [task, times] of inOrder(tasks, ({ spawned, started }) => started ?? spawned)) {
    const begins = times.started ?? times.spawned;
    const path = times.message.path.replaceAll(/#\d+/g, "");
    const [group, ...inner] = path.split(" > ");
    const row = {
      track: tracks.rowFor(path, begins, times.ended ?? ended).slice(inner.length === 0 ? 0 : group!.length + 3),
      group: `Tasks of ${group || "the program"}`,
    };
    rows.set(task, row);
    yield { ...taskSpan(task, times, begins, times.ended ?? ended), ...row };
  }
  for (const [, times] of waits) {
    const { message, began: begins, woken, ended: end = ended } = times;
    const row = (message.task && rows.get(message.task)) ?? { track: "Outside tasks", group: "Waits" };
    const by = woken?.by?.name;
    yield {
      kind: "wait",
      name: `waits for ${nameOfWait(message)}`,
      begins,
      ends: end,
      color: "secondary-light",
      properties: [
        ["Task", message.task?.name ?? "none"],
        ...(by === undefined ? [] : [["Woken by", by] as const]),
        ...(times.ended === undefined ? [["Ended", "not before the trace"] as const] : []),
      ],
      ...row,
    };
    if (woken !== undefined && times.ended !== undefined) {
      const arrow = { begins: woken.at, ends: times.ended, color: "", properties: [], track: "", group: "" };
      yield { kind: "arrow", name: "wakes", ...arrow };
    }
  }
  for (const [, { message, began: begins, ended: end }] of inOrder(calls, ({ began }) => began)) {
    yield callOf(message, begins, end ?? ended, end !== undefined);
  }
  for (const [, { message, began: begins, ended: end }] of inOrder(requests, ({ began }) => began)) {
    const name = `${message.request.method} ${pathOfUrl(message.request.url)}`;
    const status = message.record?.status;
    yield {
      kind: "request",
      name,
      track: tracks.rowFor("Requests", begins, end ?? ended),
      group: "Servers",
      begins,
      ends: end ?? ended,
      color: status !== undefined && status >= 500 ? "error" : "tertiary",
      properties: [["Status", status === undefined ? "none" : String(status)], ["End", message.record?.end ?? "open"]],
    };
  }
}

function firstTime(log: TraceLog): number {
  let first = Infinity;
  for (const { time } of log.events()) first = Math.min(first, time);
  return first;
}

/** The entries of a map by when they begin. */
function inOrder<K, V>(map: Map<K, V>, begins: (value: V) => number): [K, V][] {
  return [...map].sort(([, one], [, other]) => begins(one) - begins(other));
}

function turnOf(runner: TurnRunner, begins: number, length: number): Span {
  return {
    kind: "turn",
    name: runner.describe(),
    track: "Turns",
    group: "Loop",
    begins,
    ends: begins + length,
    color: length > longTurn ? "error" : "primary",
    properties: [],
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
  for (const { time, length, by } of turns) {
    if (by === true && count > 0) {
      yield slice();
      count = 0;
    }
    if (count === 0) begins = time;
    ends = time + length;
    count++;
  }
  if (count > 0) yield slice();
}

function taskSpan(task: Task<unknown>, times: TaskTimes, begins: number, ends: number): Omit<Span, "track" | "group"> {
  const { spawned, started, ended } = times;
  const { state } = task;
  const waited = (started ?? ended ?? ends) - spawned;
  return {
    kind: "task",
    name: task.name,
    begins,
    ends,
    color: state === "rejected" ? "error" : state === "cancelled" ? "secondary" : "primary-dark",
    properties: [
      ["State", ended === undefined ? `${state} at the end of the trace` : state],
      ["Waited for its first turn", `${waited.toFixed(2)} ms`],
      ["In", times.message.path || "the program"],
    ],
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
