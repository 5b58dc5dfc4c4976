/**
 * What the events of a trace are about: tasks, waits, calls and requests, each with its times.
 *
 * @module
 */

import { pathOf } from "../scopes/scope.ts";
import type { TaskState } from "../scopes/task.ts";
import type { WaitTrace } from "../waits/mod.ts";
import type { TraceEvent, TraceLog } from "./trace_log.ts";

/** How many events are put together in one part. */
const perPart = 500;

/** What a channel tells of a request, as far as it is drawn. */
export interface RequestMessage {
  readonly request: { readonly method: string; readonly url: string };
  readonly record?: { readonly status: number | undefined; readonly end: string };
}

/** What a channel tells of a call, as far as it is drawn. */
export interface CallMessage {
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
export interface TaskTimes {
  name: string;
  /** The names of what is around it. */
  path: string;
  began: number;
  ended: number | undefined;
  state: TaskState;
}

/** What is known of a wait. */
export interface WaitTimes {
  readonly message: WaitTrace;
  readonly task: number;
  readonly began: number;
  woken: { readonly at: number; readonly by: number } | undefined;
  ended: number | undefined;
}

/** What is known of a call or a request. */
export interface Times<M> {
  readonly message: M;
  readonly began: number;
  ended: number | undefined;
}

/** What the events of a trace are about, put together. */
export class Found {
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
    if (event.ended > 0) {
      const ended = event.time + event.detail;
      Object.assign(this.tasks.get(event.task)!, { ended, state: states[event.ended] });
    }
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
