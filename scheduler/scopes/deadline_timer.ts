/**
 * The timer of a scope's deadline.
 *
 * @module
 */

import { loop } from "../queue/loop.ts";
import type { Timed } from "../queue/timer_queue.ts";

/** A scope that a deadline cancels. */
interface Cancellable {
  cancel(source: "deadline"): void;
}

/** How many deadlines are set in the process: while there are none, a checkpoint need not look at the clock. */
let deadlines = 0;

/** May a deadline have passed that its timer has not told of? */
export function mayBeOverdue(): boolean {
  return deadlines > 0;
}

/** Cancels its scope when the time has come. */
export class DeadlineTimer implements Timed {
  get hold(): boolean {
    return true;
  }

  readonly deadline: number;
  order = 0;
  readonly #scope: Cancellable;
  #isSet = true;

  /** Sets the timer, on the loop in use. */
  constructor(scope: Cancellable, deadline: number) {
    this.#scope = scope;
    this.deadline = deadline;
    deadlines++;
    loop().timers.set(this);
  }

  /** Has the time come, which a busy loop may not have told yet? */
  get isOverdue(): boolean {
    return loop().timers.isOverdue(this);
  }

  /** Takes the timer back. A second call does nothing. */
  cancel(): void {
    loop().timers.cancel(this);
    this.#unset();
  }

  expire(): void {
    this.#unset();
    this.#scope.cancel("deadline");
  }

  #unset(): void {
    if (this.#isSet) deadlines--;
    this.#isSet = false;
  }
}
