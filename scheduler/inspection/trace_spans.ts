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
import type { TaskState } from "../scopes/task.ts";
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

/** How many events are put together in one part. */
const perPart = 500;

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

/** The states of tasks, by numbers that fit into a trace. */
export const stateNumbers: Record<TaskState, number> = {
  queued: 0,
  running: 1,
  cancelling: 2,
  fulfilled: 3,
  rejected: 4,
  cancelled: 5,
};
const states = Object.keys(stateNumbers) as TaskState[];

/** What is known of a task. */
interface TaskTimes {
  name: string;
  /** The names of what is around it. */
  path: string;
  began: number;
  ended: number | undefined;
  state: TaskState;
}

/** What is known of a wait. */
interface WaitTimes {
  readonly message: WaitTrace;
  readonly task: number;
  readonly began: number;
  woken: { readonly at: number; readonly by: number } | undefined;
  ended: number | undefined;
}

/** What is known of a call or a request. */
interface Times<M> {
  readonly message: M;
  readonly began: number;
  ended: number | undefined;
}

/** What the events of a trace are about, put together. */
class Found {
  readonly tasks: Map<number, TaskTimes> = new Map();
  readonly waits: Map<object, WaitTimes> = new Map();
  readonly requests: Map<object, Times<RequestMessage>> = new Map();
  readonly calls: Map<object, Times<CallMessage>> = new Map();
  readonly turns: TraceEvent[] = [];
  /** What began before is taken to have begun then. */
  #first: number;
  /** Tasks that have ended in the turn that is written down next: a turn is, when it has ended. */
  readonly #endedInTurn: TaskTimes[] = [];

  constructor(began: number) {
    this.#first = began;
  }

  /** Takes all events in, a part at a time. */
  *take(log: TraceLog): Generator<undefined> {
    let count = 0;
    for (const event of log.events()) {
      if (count === 0 && log.dropped > 0) this.#first = event.time;
      this.#add(event);
      if (++count % perPart === 0) yield undefined;
    }
  }

  #add(event: TraceEvent): void {
    const { kind, time, subject } = event;
    if (/turn$/i.test(kind)) this.#addTurn(event);
    else if (kind.startsWith("task")) this.#addTask(event);
    else if (kind.startsWith("wait")) this.#addWait(event);
    else this.#addTimes(kind.startsWith("call") ? this.calls : this.requests, kind.endsWith("Start"), time, subject);
  }

  #addTurn(event: TraceEvent): void {
    this.turns.push(event);
    if (event.task !== 0) this.#timesOf(event);
    // Of a task that ends in its first turn the end is written down before that.
    if (startsIn(event)) Object.assign(this.tasks.get(event.task)!, { ...namesOf(event), began: event.time });
    // Who has ended in this turn has done so by its end.
    for (const times of this.#endedInTurn) times.ended = event.time + event.detail;
    this.#endedInTurn.length = 0;
  }

  #addTask(event: TraceEvent): void {
    const times = this.#timesOf(event);
    times.ended = event.time;
    times.state = states[event.detail]!;
    this.#endedInTurn.push(times);
  }

  #timesOf(event: TraceEvent): TaskTimes {
    let times = this.tasks.get(event.task);
    if (times === undefined) {
      times = { ...namesOf(event), began: this.#first, ended: undefined, state: "running" };
      this.tasks.set(event.task, times);
    }
    return times;
  }

  #addWait({ kind, time, task, subject, detail }: TraceEvent): void {
    const message = subject as WaitTrace;
    let times = this.waits.get(message.wait);
    if (times === undefined) {
      const began = kind === "waitStart" ? time : this.#first;
      this.waits.set(message.wait, times = { message, task, began, woken: undefined, ended: undefined });
    }
    if (kind === "waitWake") times.woken = { at: time, by: detail };
    if (kind === "waitEnd") times.ended = time;
  }

  #addTimes(known: Map<object, Times<unknown>>, isStart: boolean, time: number, message: unknown): void {
    const times = known.get(message as object);
    if (times !== undefined) times.ended = time;
    else {known.set(message as object, {
        message,
        began: isStart ? time : this.#first,
        ended: isStart ? undefined : time,
      });}
  }
}

/** Is this the turn in which a task starts? */
function startsIn({ kind }: TraceEvent): boolean {
  return kind === "startTurn" || kind === "sliceStartTurn";
}

function namesOf({ task, subject, around }: TraceEvent): { name: string; path: string } {
  return { name: `${subject ?? "task"}#${task}`, path: pathOf(around) };
}

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
    const stack = detail <= longTurn ? [] : samples?.stackBetween(time - began, time + detail - began) ?? [];
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
