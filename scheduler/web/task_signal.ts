/**
 * The signals of the web's task scheduling: an `AbortSignal` with a priority, and the controller that changes both.
 *
 * A host gives nobody else the constructor of its `AbortSignal`: a `TaskSignal` is a signal made by the host whose prototype is
 * changed, so that it passes everywhere for what it is. What it has beyond an `AbortSignal` is kept beside it.
 *
 * @module
 */

import { anySignal } from "../../runtime/basics/any_signal.ts";
import { show } from "../../runtime/basics/check.ts";
import type { Priority } from "../queue/priority.ts";
import type { TaskPriorityChangeEvent } from "./priority_change_event.ts";
import { addState, changePriority, keep, letGo, link, stateIn, stateOf } from "./signal_state.ts";
import { dictionary, likeTheHosts, toPriority, toRequiredPriority } from "./web_idl.ts";

/** The listener of a signal's changes of priority. */
export type PriorityChangeHandler = (this: TaskSignal, event: TaskPriorityChangeEvent) => unknown;

/** The same as an object. */
export interface PriorityChangeListener {
  /** Is called with the event. */
  handleEvent(event: TaskPriorityChangeEvent): unknown;
}

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
    if (Object(signals) !== signals) {
      throw new TypeError(`TaskSignal.any takes an iterable of signals: received ${show(signals)}`);
    }
    const members = [...signals];
    const wanted = dictionary<TaskSignalAnyInit>(init).priority;
    const followed = stateIn(wanted);
    const priority = followed?.priority ?? toPriority(wanted);
    const signal = adopt(anySignal(members), priority, true);
    if (followed !== undefined && !followed.isFixed) link(stateOf(signal), followed.source ?? followed);
    return signal;
  }

  /** The priority of the tasks posted with the signal, as it is now. */
  get priority(): Priority {
    return stateOf(this).priority;
  }

  /** Is called with each `prioritychange` event; `null` for nobody. */
  get onprioritychange(): PriorityChangeHandler | null {
    return stateOf(this).handler as PriorityChangeHandler | null;
  }

  set onprioritychange(handler: PriorityChangeHandler | null) {
    const state = stateOf(this);
    const isObject = (typeof handler === "object" && handler !== null) || typeof handler === "function";
    state.handler = isObject ? handler : null;
    if (isObject) this.addEventListener("prioritychange", callHandler);
    else this.removeEventListener("prioritychange", callHandler);
  }

  /** As on every event target. While somebody listens to `prioritychange`, a signal that follows another one is kept by it. */
  override addEventListener(
    type: "prioritychange",
    listener: PriorityChangeHandler | PriorityChangeListener,
    options?: Parameters<AbortSignal["addEventListener"]>[2],
  ): void;
  /** The same for other events. */
  override addEventListener(...parameters: Parameters<AbortSignal["addEventListener"]>): void;
  override addEventListener(type: unknown, listener: unknown, options: unknown): void {
    const parameters = [type, listener, options] as Parameters<AbortSignal["addEventListener"]>;
    super.addEventListener(...parameters);
    if (type === "prioritychange") keep(stateOf(this), parameters[1]);
  }

  /** As on every event target. */
  override removeEventListener(
    type: "prioritychange",
    listener: PriorityChangeHandler | PriorityChangeListener,
    options?: Parameters<AbortSignal["removeEventListener"]>[2],
  ): void;
  /** The same for other events. */
  override removeEventListener(...parameters: Parameters<AbortSignal["removeEventListener"]>): void;
  override removeEventListener(type: unknown, listener: unknown, options: unknown): void {
    const parameters = [type, listener, options] as Parameters<AbortSignal["removeEventListener"]>;
    super.removeEventListener(...parameters);
    if (type === "prioritychange") letGo(stateOf(this), parameters[1]);
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

/** Makes a host's signal a `TaskSignal`. */
function adopt(plain: AbortSignal, priority: Priority, isFixed: boolean): TaskSignal {
  const signal: TaskSignal = Object.setPrototypeOf(plain, TaskSignal.prototype);
  addState(signal, priority, isFixed);
  return signal;
}

/**
 * The listener that stands for the handler of the signal it is called for. It holds no signal, so that a follower does not keep its
 * source; and does not ask the event, whose `currentTarget` Node gives to the first listener only.
 */
function callHandler(this: TaskSignal, event: Event): void {
  const { handler } = stateOf(this);
  if (typeof handler === "function") handler.call(this, event as TaskPriorityChangeEvent);
}
