/**
 * Waiting for a time, and the checkpoints that wait for nothing.
 *
 * @module
 */

import { checkDuration, checkTime } from "../../runtime/basics/check.ts";
import { loop } from "../queue/loop.ts";
import type { Timed } from "../queue/timer_queue.ts";
import { currentScope, deliver, isCancelled } from "../scopes/current_scope.ts";
import type { Scope } from "../scopes/scope.ts";
import { turnIn } from "./turn.ts";
import { AnyWait, endedBy, type WaitOptions } from "./wait.ts";

/**
 * Waits `ms` milliseconds, never less by the host's monotonic clock; 0 waits for the next turn, `Infinity` for a cancellation. A
 * checkpoint. It keeps the process alive.
 *
 * @throws {RangeError} or {TypeError} at the call, for a time that is negative or no number, or options of a wrong kind.
 * @throws {Cancelled} (rejection) when the scope around it is cancelled; no timer is left behind. With a `signal`, its reason when that
 * is aborted.
 *
 * @example
 * ```ts
 * import { sleep } from "@millrace/millrace";
 *
 * const start = performance.now();
 * await sleep(20);
 * console.log(performance.now() - start >= 20);
 * ```
 */
export function sleep(ms: number, options?: WaitOptions): Promise<void> {
  checkDuration(ms, "The time to sleep");
  if (options !== undefined) return endedBy(options, () => sleep(ms));
  if (ms === 0) return checkpoint();
  return new Sleep(currentScope(), loop().timers.now() + ms).promise;
}

/**
 * Waits until a point in time of the host's monotonic clock (`performance.now()`), in ms; one that has passed waits for
 * the next turn. Otherwise like {@linkcode sleep}.
 *
 * @example
 * ```ts
 * import { sleepUntil } from "@millrace/millrace";
 *
 * const start = performance.now();
 * await sleepUntil(start + 10);
 * console.log(performance.now() >= start + 10);
 * ```
 */
export function sleepUntil(time: number, options?: WaitOptions): Promise<void> {
  checkTime(time, "The time to sleep until");
  if (options !== undefined) return endedBy(options, () => sleepUntil(time));
  if (time <= loop().timers.now()) return checkpoint();
  return new Sleep(currentScope(), time).promise;
}

/**
 * Goes to the end of the run queue: others of the same priority get their turn, and the loop its I/O when the slice is
 * over. Throws `Cancelled` if the scope around it is cancelled; with a `signal`, its reason if that is aborted.
 *
 * @example
 * ```ts
 * import { checkpoint } from "@millrace/millrace";
 *
 * for (let round = 0; round < 3; round++) {
 *   await checkpoint();
 * }
 * ```
 */
export function checkpoint(options?: WaitOptions): Promise<void> {
  if (options !== undefined) return endedBy(options, checkpoint);
  return turnIn(currentScope());
}

/**
 * Throws `Cancelled` if the scope around the call is cancelled; a checkpoint that does not wait.
 *
 * @example
 * ```ts
 * import { throwIfCancelled } from "@millrace/millrace";
 *
 * for (let item = 0; item < 3; item++) throwIfCancelled();
 * ```
 */
export function throwIfCancelled(): void {
  const scope = currentScope();
  if (isCancelled(scope)) throw deliver(scope!);
}

/** The wait for a time; it is its own timer, because 100,000 of them may wait at once. */
class Sleep extends AnyWait<void> implements Timed {
  readonly deadline: number;
  order = 0;

  get hold(): boolean {
    return true;
  }

  override get what(): string {
    return "sleep";
  }

  constructor(scope: Scope | undefined, deadline: number) {
    super(scope);
    this.deadline = deadline;
    if (!this.interrupted && deadline !== Infinity) loop().timers.set(this);
    this.began();
  }

  expire(): void {
    this.settleInTurn(undefined);
  }

  protected override takeBack(): void {
    loop().timers.cancel(this);
  }
}
