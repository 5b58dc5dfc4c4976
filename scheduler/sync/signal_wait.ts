/**
 * Waits in a line that a signal ends, too, and those that take what they wait for only in their own turn.
 *
 * @module
 */

import { allowUnawaited } from "../../runtime/basics/promises.ts";
import { loop } from "../queue/loop.ts";
import { deliver, isCancelled } from "../scopes/current_scope.ts";
import { onAbort } from "../scopes/foreign_signal.ts";
import type { Scope } from "../scopes/scope.ts";
import { LineWait, type WaitLine } from "./wait_line.ts";

/** A wait in a line, withdrawn when its signal is aborted. In a scope that is cancelled it waits for the cancellation alone. */
export class SignalWait<T> extends LineWait<T> {
  #leaveSignal: (() => void) | undefined = undefined;

  constructor(line: WaitLine<T>, scope: Scope | undefined, signal: AbortSignal | undefined) {
    super(line, scope);
    if (this.interrupted) return;
    this.enterLine();
    if (signal !== undefined) this.#leaveSignal = onAbort(signal, (reason) => this.withdraw(reason));
  }

  override run(): void {
    this.#leaveSignal?.();
    super.run();
  }

  protected override takeBack(): void {
    this.#leaveSignal?.();
    super.takeBack();
  }
}

/**
 * A wait that is not handed anything but its turn, and takes what is there then: if it is cancelled before, nothing has to be put
 * back, and only the turn is the next one's.
 */
class PullWait<T> extends SignalWait<T> {
  readonly #take: () => T;

  constructor(line: WaitLine<T>, scope: Scope | undefined, signal: AbortSignal | undefined, take: () => T) {
    super(line, scope, signal);
    this.#take = take;
  }

  protected override land(): void {
    let value: T;
    try {
      value = this.#take();
    } catch (error) {
      this.reject(error);
      return;
    }
    this.resolve(value);
  }
}

/** Whom and what a pull is for. */
export interface Pull<T> {
  readonly scope: Scope | undefined;
  readonly signal: AbortSignal | undefined;
  /** Takes what is there, or throws. */
  readonly take: () => T;
}

/**
 * Takes what is there: at once, or in a turn of its own when this turn has given many answers, or others are on their way to theirs.
 * Where nothing is there it waits in line to be given a turn.
 */
export function pull<T>(line: WaitLine<T>, isThere: boolean, { scope, signal, take }: Pull<T>): Promise<T> {
  if (isThere && line.inFlight === 0 && loop().queue.mayAnswer()) return pullNow(line, scope, undefined as T, take);
  const wait = new PullWait(line, scope, signal, take);
  if (isThere) wait.hand(undefined as T);
  return wait.promise;
}

/** Takes what is there: now, or in a scope in a microtask, so that a cancellation that comes before its task goes on still wins. */
export function pullNow<T, V>(line: WaitLine<V>, scope: Scope | undefined, value: V, take: () => T): Promise<T> {
  if (scope === undefined) {
    try {
      return Promise.resolve(take());
    } catch (error) {
      return Promise.reject(error);
    }
  }
  line.inFlight++;
  const promise: Promise<T> = soon.then(() => {
    line.inFlight--;
    if (isCancelled(scope)) {
      line.lost(value);
      allowUnawaited(promise);
      throw deliver(scope);
    }
    try {
      return take();
    } finally {
      line.landed();
    }
  });
  return promise;
}

const soon: Promise<void> = Promise.resolve();

/** Gives the first in a line of pulls its turn. */
export function giveTurn<T>(line: WaitLine<T>): void {
  line.give(undefined as T);
}
