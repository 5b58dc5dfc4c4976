/**
 * What is behind a task signal: its priority, the signals that depend on it, and what is queued by it.
 *
 * @module
 */

import { show } from "../../runtime/basics/check.ts";
import type { Entry } from "../queue/entry.ts";
import { loop } from "../queue/loop.ts";
import { laneOf, type Priority } from "../queue/priority.ts";
import { TaskPriorityChangeEvent } from "./priority_change_event.ts";

/** A `TaskSignal`, as its state sees it. */
export interface PrioritySignal extends AbortSignal {
  readonly priority: Priority;
}

/** What a `TaskSignal` has beyond an `AbortSignal`. */
export interface State {
  readonly signal: WeakRef<PrioritySignal>;
  priority: Priority;
  /** Does the priority never change? */
  isFixed: boolean;
  /** Is a change of the priority being told? */
  isChanging: boolean;
  /** What a signal follows: one that follows none itself. */
  source: State | undefined;
  /** Those that follow this one, in the order of their making. */
  followers: Set<WeakRef<PrioritySignal>>;
  /** Those of them that somebody listens to: the source keeps them from being collected. */
  kept: Set<PrioritySignal>;
  /** After how many followers those that were collected are looked for. */
  nextSweep: number;
  /** What waits in the run queue with this priority, in the order in which it came. */
  readonly queued: Set<Entry>;
  /** The callbacks posted with this priority that have begun and not ended: what they wait for is as urgent as they are. */
  readonly flows: Set<Flow>;
  /** What was put in as `onprioritychange`: a function, or as the standard has it any other object. */
  handler: object | null;
  /** Who listens to changes. */
  readonly listeners: Set<unknown>;
}

/** A flow of control whose priority is that of a signal. */
export interface Flow {
  /** Is called when the priority has changed. */
  relane(): void;
}

const states = new WeakMap<AbortSignal, State>();

/** The state of a signal, where it has one. */
export function stateIn(signal: unknown): State | undefined {
  return states.get(signal as AbortSignal);
}

/** The state of a signal that has to have one. */
export function stateOf(signal: PrioritySignal): State {
  const state = states.get(signal);
  if (state === undefined) throw new TypeError(`This takes a TaskSignal: received ${show(signal)}`);
  return state;
}

/** Gives a signal its state. */
export function addState(signal: PrioritySignal, priority: Priority, isFixed: boolean): void {
  states.set(signal, {
    signal: new WeakRef(signal),
    priority,
    isFixed,
    isChanging: false,
    source: undefined,
    followers: new Set(),
    kept: new Set(),
    nextSweep: 16,
    queued: new Set(),
    flows: new Set(),
    handler: null,
    listeners: new Set(),
  });
}

/** Lets a signal have the priority of another one from now on. */
export function link(state: State, source: State): void {
  state.isFixed = false;
  state.source = source;
  source.followers.add(state.signal);
  if (source.followers.size < source.nextSweep) return;
  for (const follower of source.followers) if (follower.deref() === undefined) source.followers.delete(follower);
  source.nextSweep = 2 * source.followers.size + 16;
}

/** Somebody listens to the signal of a state: what it follows keeps it. */
export function keep(state: State, listener: unknown): void {
  if (listener === null || listener === undefined) return;
  state.listeners.add(listener);
  state.source?.kept.add(state.signal.deref()!);
}

/** A listener has left. */
export function letGo(state: State, listener: unknown): void {
  state.listeners.delete(listener);
  if (state.listeners.size === 0) state.source?.kept.delete(state.signal.deref()!);
}

/** Changes a priority: moves what is queued by it, tells the flows, then the listeners, then those that follow. */
export function changePriority(state: State, priority: Priority): void {
  if (state.isChanging) {
    throw new DOMException("The priority cannot be changed while a change of it is being told", "NotAllowedError");
  }
  const previousPriority = state.priority;
  if (previousPriority === priority) return;
  state.isChanging = true;
  try {
    state.priority = priority;
    moveEntries(state.queued, laneOf(priority));
    for (const flow of state.flows) flow.relane();
    state.signal.deref()?.dispatchEvent(new TaskPriorityChangeEvent("prioritychange", { previousPriority }));
    for (const follower of state.followers) {
      const signal = follower.deref();
      if (signal !== undefined) changePriority(stateOf(signal), priority);
    }
  } finally {
    state.isChanging = false;
  }
}

function moveEntries(entries: ReadonlySet<Entry>, lane: number): void {
  if (entries.size === 0) return;
  const { queue } = loop();
  queue.move([...entries].filter((entry) => !entry.isContinuation), lane);
  queue.move([...entries].filter((entry) => entry.isContinuation), lane + 1);
}
