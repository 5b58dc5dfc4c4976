/**
 * Tasks as asyncio has them: a failure is kept until somebody asks.
 *
 * @module
 */

import type { Task } from "../../scheduler/scopes/task.ts";

/** More failures than these, that nobody has asked for, are told of before the end. */
const mostKept = 1000;

/** A task of `createTask`. Awaiting it is a checkpoint, and throws `TaskCancelledError` if it was cancelled. */
export class LoopTask<T> implements PromiseLike<T> {
  readonly #task: Task<PromiseSettledResult<T>>;
  readonly #neverRetrieved: Set<{ error: unknown }>;
  #failure: { error: unknown } | undefined = undefined;
  #retrieved = false;

  /** Made by `createTask`. */
  constructor(
    task: Task<PromiseSettledResult<T>>,
    neverRetrieved: Set<{ error: unknown }>,
    report: (error: unknown) => void,
  ) {
    this.#task = task;
    this.#neverRetrieved = neverRetrieved;
    task.result.then((settled) => {
      if (settled.status === "fulfilled" || this.#retrieved) return;
      this.#failure = { error: settled.reason };
      neverRetrieved.add(this.#failure);
      if (neverRetrieved.size <= mostKept) return;
      const oldest = neverRetrieved.values().next().value!;
      neverRetrieved.delete(oldest);
      report(oldest.error);
    }, () => {});
  }

  /** The task's name. */
  get name(): string {
    return this.#task.name;
  }

  /** Has it ended, in whichever way? */
  get done(): boolean {
    return this.#task.state === "fulfilled" || this.#task.state === "rejected" || this.cancelled;
  }

  /** Has it ended by a cancellation? */
  get cancelled(): boolean {
    return this.#task.state === "cancelled";
  }

  /** Cancels it; it ends at its next checkpoint. */
  cancel(reason?: unknown): void {
    this.#task.cancel(reason);
  }

  /** Waits for its end; with that, a failure has been asked for. */
  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): PromiseLike<A | B> {
    this.#retrieved = true;
    if (this.#failure !== undefined) this.#neverRetrieved.delete(this.#failure);
    return this.#task.then((settled) => {
      if (settled.status === "rejected") throw settled.reason;
      return settled.value;
    }).then(onFulfilled, onRejected);
  }
}
