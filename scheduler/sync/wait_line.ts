/**
 * The line of those who wait for a primitive: first in, first out, and one who is cancelled leaves in constant time.
 *
 * ```
 *   join ──> in line ──give──> handed ──its turn──> goes on with the value
 *               │                 └──cancelled──> the value is `lost`: the primitive hands it on
 *               ├──fail──> failing ──its turn──> goes on with the error
 *               └──cancelled──> `left`
 * ```
 *
 * Everybody goes on in a turn of their own, so that opening a latch for 100,000 tasks does not block the loop.
 *
 * @module
 */

import { allowUnawaited } from "../../runtime/basics/promises.ts";
import { EntryList } from "../queue/entry.ts";
import { loop } from "../queue/loop.ts";
import type { Scope } from "../scopes/scope.ts";
import { answerIn, AnyWait } from "../waits/wait.ts";

/** A line of waits for values of one type. */
export class WaitLine<T> {
  readonly list: EntryList = new EntryList();
  /** What is waited for, to those who look at the tree of tasks. */
  readonly what: string;
  /** Is called with a value whose wait was cancelled before it went on. */
  readonly lost: (value: T) => void;
  /** Is called after a wait that had not been given anything has been cancelled. */
  readonly left: () => void;
  /** Is called after a wait has gone on with a value. */
  readonly landed: () => void;
  /** The names of the tasks that have what is waited for, as far as known. */
  readonly holders: () => readonly string[];
  /** Waits that have been given a value and have not gone on. */
  inFlight = 0;
  /** Answers that have been given at once to tasks which have not gone on. */
  #answered = 0;

  constructor(
    what: string,
    events: {
      lost?: (value: T) => void;
      left?: () => void;
      landed?: () => void;
      holders?: () => readonly string[];
    } = {},
  ) {
    this.what = what;
    this.lost = events.lost ?? ignore;
    this.left = events.left ?? ignore;
    this.landed = events.landed ?? ignore;
    this.holders = events.holders ?? nobody;
  }

  get size(): number {
    return this.list.size;
  }

  get first(): LineWait<T> | undefined {
    return this.list.first as LineWait<T> | undefined;
  }

  /** Waits at the end of the line; in a cancelled scope only for the cancellation. */
  join(scope: Scope | undefined): Promise<T> {
    const wait = new LineWait(this, scope);
    wait.enterLine();
    return wait.promise;
  }

  /** Gives a value to the first in line; answers whether there was one. */
  give(value: T): boolean {
    const { first } = this;
    first?.hand(value);
    return first !== undefined;
  }

  /** May one who has been given a value still lose it? */
  get isUndecided(): boolean {
    return this.inFlight + this.#answered > 0;
  }

  /**
   * Answers with a value that is there: at once, or in a turn when this turn has given many answers, or others have
   * been given theirs and have not gone on.
   */
  answer(scope: Scope | undefined, value: T): Promise<T> {
    if (this.inFlight === 0 && loop().queue.mayAnswer()) {
      return scope === undefined ? Promise.resolve(value) : this.#answerAtOnce(scope, value);
    }
    const wait = new LineWait(this, scope);
    wait.hand(value);
    return wait.promise;
  }

  /**
   * So that a cancellation which comes before the task goes on wins. The plain form, a promise that is resolved already, would save one
   * microtask: an item through a rendezvous channel takes a twelfth less with it.
   */
  #answerAtOnce(scope: Scope, value: T): Promise<T> {
    this.#answered++;
    return answerIn(scope, value, this);
  }

  /** An answer that was given at once has come through, or a cancellation before it. */
  answered(value: T, hasLanded: boolean): void {
    this.#answered--;
    if (hasLanded) this.landed();
    else this.lost(value);
  }

  /** Rejects everybody in line. */
  failAll(error: unknown): void {
    for (let wait = this.first; wait !== undefined; wait = this.first) wait.fail(error);
  }
}

/** A wait in a line. */
export class LineWait<T> extends AnyWait<T> {
  declare readonly line: WaitLine<T>;
  #isHanded = false;
  #value: T | undefined = undefined;

  constructor(line: WaitLine<T>, scope: Scope | undefined) {
    super(scope);
    this.line = line;
    this.began();
  }

  override get what(): string {
    return this.line.what;
  }

  override get heldBy(): readonly string[] {
    return this.line.holders();
  }

  get inLine(): boolean {
    return this.list === this.line.list;
  }

  enterLine(): void {
    if (!this.interrupted) this.line.list.push(this);
  }

  /** Takes the wait out of the line; for kinds of wait that are counted elsewhere too. */
  leaveLine(): void {
    this.line.list.remove(this);
  }

  /** Takes the wait out of the line and gives it a value to go on with. */
  hand(value: T): void {
    if (this.inLine) this.leaveLine();
    this.#isHanded = true;
    this.#value = value;
    this.line.inFlight++;
    this.settleInTurn(value);
  }

  /** Takes the wait out of the line and gives it an error to go on with, if it is still in line. */
  fail(error: unknown): void {
    if (!this.inLine) return;
    this.leaveLine();
    this.failInTurn(error);
  }

  /** Ends the wait with an error as a cancellation would: what was on its way to it goes to the next. */
  withdraw(error: unknown): void {
    if (this.interrupted || (this.#isHanded ? this.list === undefined : !this.inLine)) return;
    if (this.#isHanded) loop().queue.remove(this);
    this.takeBack();
    this.#isHanded = false;
    allowUnawaited(this.promise);
    this.failInTurn(error);
  }

  override run(): void {
    if (!this.#isHanded || this.interrupted) return super.run();
    this.line.inFlight--;
    this.land();
    this.line.landed();
  }

  /** Goes on with what it was handed. */
  protected land(): void {
    super.run();
  }

  protected override takeBack(): void {
    if (this.#isHanded) {
      this.line.inFlight--;
      this.line.lost(this.#value as T);
    } else if (this.inLine) {
      this.leaveLine();
      this.line.left();
    }
  }
}

function ignore(): void {}

function nobody(): readonly string[] {
  return [];
}
