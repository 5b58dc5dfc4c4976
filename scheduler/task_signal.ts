/**
 * The signals of the web's task scheduling: an `AbortSignal` with a priority, and the controller that changes both.
 *
 * A host gives nobody else the constructor of its `AbortSignal`: a `TaskSignal` is a signal made by the host whose prototype is
 * changed, so that it passes everywhere for what it is. What it has beyond an `AbortSignal` is kept beside it, in {@linkcode State}.
 *
 * @module
 */

import { anySignal } from "../runtime/any_signal.ts";
import { show } from "./check.ts";
import { loop } from "./loop.ts";
import { checkPriority, type Entry, laneOf, type Priority } from "./run_queue.ts";

/** The listener of a signal's changes of priority. */
export type PriorityChangeHandler = (this: TaskSignal, event: TaskPriorityChangeEvent) => unknown;

/** With what a {@linkcode TaskController} begins. */
export interface TaskControllerInit {
  /** The priority of its signal. Default: "user-visible". */
  priority?: Priority;
}

/** How a combined signal is to be. */
export interface TaskSignalAnyInit {
  /** A priority that never changes, or a signal whose priority it follows. Default: "user-visible". */
  priority?: Priority | TaskSignal;
}

/** With what a {@linkcode TaskPriorityChangeEvent} is made. */
export interface TaskPriorityChangeEventInit extends EventInit {
  /** The priority before the change; it has to be given. */
  previousPriority: Priority;
}

/**
 * An `AbortSignal` that also tells the priority of the tasks posted with it: changed by its {@linkcode TaskController}, which moves
 * those tasks, and told in `prioritychange` events. Made by controllers and by {@linkcode TaskSignal.any}.
 *
 * @example
 * ```ts
 * import { scheduler, TaskController } from "@millrace/millrace";
 *
 * const controller = new TaskController({ priority: "background" });
 * const log: string[] = [];
 * const low = scheduler.postTask(() => log.push("raised"), { signal: controller.signal });
 * const other = scheduler.postTask(() => log.push("other"));
 * controller.setPriority("user-blocking");
 * await Promise.all([low, other]);
 * console.log(log.join()); // -> raised,other
 * ```
 */
export class TaskSignal extends AbortSignal {
  /** Throws a `TypeError`: signals are made by {@linkcode TaskController} and {@linkcode TaskSignal.any}. */
  private constructor() {
    super();
  }

  static {
    likeTheHosts(this, "TaskSignal", ["priority", "onprioritychange"], ["any"]);
  }

  /**
   * A signal that is aborted with the first of `signals`, and whose priority is fixed or follows another signal. It does not keep
   * the signals that it follows from being collected, nor they it, unless somebody listens to it.
   *
   * @throws {TypeError} for what is no signal, or no priority.
   */
  static override any(signals: Iterable<AbortSignal>, init: TaskSignalAnyInit = {}): TaskSignal {
    if (Object(signals) !== signals) throw new TypeError(`Signals come in an iterable: received ${show(signals)}`);
    const members = [...signals];
    const wanted = dictionary<TaskSignalAnyInit>(init).priority;
    const followed = states.get(wanted as TaskSignal);
    const priority = followed?.priority ?? toPriority(wanted);
    const signal = adopt(anySignal(members), priority, true);
    if (followed !== undefined && !followed.isFixed) link(states.get(signal)!, followed.source ?? followed);
    return signal;
  }

  /** The priority of the tasks posted with the signal, as it is now. */
  get priority(): Priority {
    return stateOf(this).priority;
  }

  /** Is called with each `prioritychange` event; `null` for nobody. */
  get onprioritychange(): PriorityChangeHandler | null {
    return stateOf(this).handler;
  }

  set onprioritychange(handler: PriorityChangeHandler | null) {
    const state = stateOf(this);
    const isObject = (typeof handler === "object" && handler !== null) || typeof handler === "function";
    state.handler = isObject ? handler : null;
    if (isObject) this.addEventListener("prioritychange", callHandler);
    else this.removeEventListener("prioritychange", callHandler);
  }

  /** As on every event target. While somebody listens to `prioritychange`, a signal that follows another one is kept by it. */
  override addEventListener(...parameters: Parameters<AbortSignal["addEventListener"]>): void {
    super.addEventListener(...parameters);
    if (parameters[0] === "prioritychange") keep(stateOf(this), parameters[1]);
  }

  /** As on every event target. */
  override removeEventListener(...parameters: Parameters<AbortSignal["removeEventListener"]>): void {
    super.removeEventListener(...parameters);
    if (parameters[0] === "prioritychange") letGo(stateOf(this), parameters[1]);
  }
}

/**
 * An `AbortController` whose signal has a priority that it can change.
 *
 * @example
 * ```ts
 * import { TaskController } from "@millrace/millrace";
 *
 * const controller = new TaskController({ priority: "background" });
 * controller.signal.addEventListener("prioritychange", () => console.log(controller.signal.priority));
 * controller.setPriority("user-blocking"); // -> user-blocking
 * ```
 */
export class TaskController extends AbortController {
  /**
   * Makes a controller with its signal.
   *
   * @throws {TypeError} for options that are no object, and for what is no priority.
   */
  constructor(init: TaskControllerInit = {}) {
    super();
    adopt(this.signal, toPriority(dictionary<TaskControllerInit>(init).priority), false);
  }

  static {
    likeTheHosts(this, "TaskController", ["setPriority"]);
  }

  /** The signal to post tasks with. */
  declare readonly signal: TaskSignal;

  /**
   * Changes the priority of the signal: the tasks that wait with it move among those of the new priority, by the order in which
   * they came; then the event `prioritychange` is fired at it, then at the signals that follow it. The same priority does nothing.
   *
   * @throws {TypeError} for what is no priority.
   * @throws {DOMException} "NotAllowedError", when called while the change is still being told.
   */
  setPriority(priority: Priority): void {
    changePriority(stateOf(this.signal), toRequiredPriority(priority));
  }
}

/**
 * Tells listeners of a `TaskSignal` that its priority has changed.
 *
 * @example
 * ```ts
 * import { TaskPriorityChangeEvent } from "@millrace/millrace";
 *
 * const event = new TaskPriorityChangeEvent("prioritychange", { previousPriority: "background" });
 * console.log(event.previousPriority); // -> background
 * ```
 */
export class TaskPriorityChangeEvent extends Event {
  readonly #previousPriority: Priority;

  /**
   * Makes an event; the library makes those of signals.
   *
   * @throws {TypeError} for options without a previous priority.
   */
  constructor(type: string, init: TaskPriorityChangeEventInit) {
    // In the standard's order: the type, what every event has, then what is this one's own.
    const name = `${type}`;
    const { bubbles, cancelable, composed, previousPriority } = dictionary<TaskPriorityChangeEventInit>(init);
    const priority = toRequiredPriority(previousPriority);
    super(name, { bubbles: Boolean(bubbles), cancelable: Boolean(cancelable), composed: Boolean(composed) });
    this.#previousPriority = priority;
  }

  static {
    likeTheHosts(this, "TaskPriorityChangeEvent", ["previousPriority"]);
  }

  /** The priority before the change. */
  get previousPriority(): Priority {
    return this.#previousPriority;
  }
}

/** What a `TaskSignal` has beyond an `AbortSignal`. */
interface State {
  readonly signal: WeakRef<TaskSignal>;
  priority: Priority;
  /** Does the priority never change? */
  isFixed: boolean;
  /** Is a change of the priority being told? */
  isChanging: boolean;
  /** What a signal follows: one that follows none itself. */
  source: State | undefined;
  /** Those that follow this one, in the order of their making. */
  followers: Set<WeakRef<TaskSignal>>;
  /** Those of them that somebody listens to: the source keeps them from being collected. */
  kept: Set<TaskSignal>;
  /** After how many followers those that were collected are looked for. */
  nextSweep: number;
  /** What waits in the run queue with this priority, in the order in which it came. */
  readonly queued: Set<Entry>;
  /** The callbacks posted with this priority that have begun and not ended: what they wait for is as urgent as they are. */
  readonly flows: Set<Flow>;
  handler: PriorityChangeHandler | null;
  /** Who listens to changes. */
  readonly listeners: Set<unknown>;
}

/** A flow of control whose priority is that of a signal. */
export interface Flow {
  /** Is called when the priority has changed. */
  relane(): void;
}

const states = new WeakMap<AbortSignal, State>();

function stateOf(signal: TaskSignal): State {
  const state = states.get(signal);
  if (state === undefined) throw new TypeError(`This takes a TaskSignal: received ${show(signal)}`);
  return state;
}

/** Makes a host's signal a `TaskSignal`. */
function adopt(plain: AbortSignal, priority: Priority, isFixed: boolean): TaskSignal {
  const signal: TaskSignal = Object.setPrototypeOf(plain, TaskSignal.prototype);
  const state: State = {
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
  };
  states.set(signal, state);
  return signal;
}

function link(state: State, source: State): void {
  state.isFixed = false;
  state.source = source;
  source.followers.add(state.signal);
  if (source.followers.size < source.nextSweep) return;
  for (const follower of source.followers) if (follower.deref() === undefined) source.followers.delete(follower);
  source.nextSweep = 2 * source.followers.size + 16;
}

/**
 * The listener that stands for the handler of the signal it is called for. It holds no signal, so that a follower does not keep its
 * source; and does not ask the event, whose `currentTarget` Node gives to the first listener only.
 */
function callHandler(this: TaskSignal, event: Event): void {
  const { handler } = stateOf(this);
  if (typeof handler === "function") handler.call(this, event as TaskPriorityChangeEvent);
}

function keep(state: State, listener: unknown): void {
  if (listener === null || listener === undefined) return;
  state.listeners.add(listener);
  state.source?.kept.add(state.signal.deref()!);
}

function letGo(state: State, listener: unknown): void {
  state.listeners.delete(listener);
  if (state.listeners.size === 0) state.source?.kept.delete(state.signal.deref()!);
}

function changePriority(state: State, priority: Priority): void {
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

/** Where work gets its priority from: a lane, or a signal whose priority may change. */
export type PrioritySource = number | TaskSignal;

/** The source of the priority of a task that is posted with a signal and no priority of its own. */
export function prioritySource(signal: AbortSignal | undefined): PrioritySource {
  const state = signal && states.get(signal);
  if (state === undefined) return laneOf("user-visible");
  return state.isFixed ? laneOf(state.priority) : signal as TaskSignal;
}

/** The lane of a source at this moment. */
export function laneFrom(source: PrioritySource): number {
  return typeof source === "number" ? source : laneOf(source.priority);
}

/** Puts an entry into the run queue; until it leaves it, it moves with its source. */
export function enqueueBy(source: PrioritySource, entry: Entry): void {
  if (typeof source !== "number") stateOf(source).queued.add(entry);
  loop().queue.enqueue(entry, laneFrom(source) + (entry.isContinuation ? 1 : 0));
}

/** An entry has left the run queue, or is to leave it now. */
export function dequeueBy(source: PrioritySource, entry: Entry): void {
  if (typeof source !== "number") stateOf(source).queued.delete(entry);
  loop().queue.remove(entry);
}

/**
 * Gives a class what those of a host have and a class of the language does not: members that are enumerable, and a name by which
 * its objects are told.
 */
export function likeTheHosts(
  constructor: { readonly prototype: object },
  name: string,
  members: readonly string[],
  statics: readonly string[] = [],
): void {
  const { prototype } = constructor;
  for (const member of members) Object.defineProperty(prototype, member, { enumerable: true });
  for (const member of statics) Object.defineProperty(constructor, member, { enumerable: true });
  Object.defineProperty(prototype, Symbol.toStringTag, { value: name, configurable: true });
}

/** Tells a flow of control of changes of the priority. */
export function follow(source: TaskSignal, flow: Flow): void {
  stateOf(source).flows.add(flow);
}

/** No longer tells it. */
export function unfollow(source: TaskSignal, flow: Flow): void {
  stateOf(source).flows.delete(flow);
}

/** Options as the standard's dictionaries take them: an object, or nothing. */
export function dictionary<T extends object>(value: unknown): Partial<T> {
  if (value === undefined || value === null) return {};
  if (typeof value !== "object" && typeof value !== "function") {
    throw new TypeError(`Options have to be an object: received ${show(value)}`);
  }
  return value;
}

function toPriority(value: unknown): Priority {
  return value === undefined ? "user-visible" : toRequiredPriority(value);
}

/** A priority as the standard's enumerations take it: what is none is refused, after it has been made a string. */
export function toRequiredPriority(value: unknown): Priority {
  const priority: unknown = `${value}`;
  checkPriority(priority);
  return priority as Priority;
}
