/**
 * The event of a signal whose priority has changed.
 *
 * @module
 */

import type { Priority } from "../queue/priority.ts";
import { dictionary, likeTheHosts, toRequiredPriority } from "./web_idl.ts";

/** With what a {@linkcode TaskPriorityChangeEvent} is made. */
export interface TaskPriorityChangeEventInit extends EventInit {
  /** The priority before the change; it has to be given. */
  previousPriority: Priority;
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
