/**
 * Waits: the points at which a flow of control stops until something comes, or its scope is cancelled.
 *
 * ```
 *   waiting ──resolve/reject, or abandon──> settled
 *      │──failInTurn──> failing ──(its turn)──> settled
 *      │──settleInTurn──> settling ──(its turn)──> settled
 *      │                     │
 *      └─────────────────────┴──its scope is cancelled, or has ended──> interrupted ──(its turn)──> settled: rejected with Cancelled
 * ```
 *
 * @module
 */

import { checkOptions } from "../../runtime/basics/check.ts";
import { allowUnawaited } from "../../runtime/basics/promises.ts";
import { loop } from "../queue/loop.ts";
import { currentScope, deliver, isCancelled, laneIn, within } from "../scopes/current_scope.ts";
import { Cancelled } from "../scopes/errors.ts";
import { cancellationIn } from "../scopes/exit.ts";
import { checkSignal, joinSignal } from "../scopes/foreign_signal.ts";
import { Member, Scope } from "../scopes/scope.ts";
import type { Task } from "../scopes/task.ts";
import { tellWaited, tellWaits, tellWoken } from "./wait_trace.ts";

/**
 * One wait of a flow of control, and a checkpoint: its promise settles with what `resolve` or `reject` is given, or
 * rejects with the cancellation of its scope. The first to come wins; but while a result from `settleInTurn` waits for its
 * turn, a cancellation still wins over it, never over an error from `failInTurn`. These are the forms to use where several may wait
 * for the same thing: what one of them does first can then still cancel the next.
 *
 * A wait leaves nothing behind in its scope. As 100,000 of them may be there at once, what not every kind needs is in
 * {@linkcode Wait}.
 */
export abstract class AnyWait<T> extends Member {
  declare readonly promise: Promise<T>;
  #resolve!: (value: T) => void;
  #reject!: (error: unknown) => void;
  #phase: "waiting" | "settling" | "failing" | "interrupted" | "settled" = "waiting";
  /** What the wait settles with in its turn: the value, the error, or the cancellation that has reached it. */
  #outcome: unknown = undefined;

  constructor(scope: Scope | undefined) {
    super(scope);
    this.promise = new Promise<T>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (scope?.effective !== undefined) {
      this.#phase = "interrupted";
      this.#outcome = scope.effective;
      loop().queue.enqueue(this, laneIn(scope));
    }
  }

  /** What is waited for, to those who look at the tree of tasks. */
  abstract get what(): string | Task<unknown> | undefined;

  /** Tells observers of the wait; each kind does so at the end of its constructor, when it knows what it waits for. */
  protected began(): void {
    tellWaits(this);
  }

  /** The names of the tasks that have to go on first, as far as known. */
  get heldBy(): readonly string[] {
    const { what } = this;
    return typeof what === "object" ? [what.name] : [];
  }

  /**
   * Has the cancellation reached this wait? Then nothing but its rejection comes any more. The scope may be marked although the turn to
   * tell this wait has not come: the cancellation has won already, and whoever asks tells the wait.
   */
  get interrupted(): boolean {
    if (this.#isOpen && this.isMember && this.parent!.effective !== undefined) this.interrupt();
    return this.#phase === "interrupted";
  }

  /** Has the wait come to its end, or is its value on the way? */
  get settled(): boolean {
    return this.#phase === "settled" || this.list !== undefined;
  }

  /** Settles with a value, at once. Answers whether it did: a wait that was cancelled or has settled takes none. */
  resolve(value: T): boolean {
    if (!this.#endUncancelled()) return false;
    this.#resolve(value);
    return true;
  }

  /** Settles with an error, at once; answers as `resolve` does. */
  reject(error: unknown): boolean {
    if (!this.#endUncancelled()) return false;
    this.#reject(error);
    return true;
  }

  /** Gives the wait up, whatever has come of it: it leaves its scope, and its promise, which nobody looks at, never settles. */
  abandon(): void {
    this.#end();
  }

  /** Settles with a value in a turn of its own. */
  settleInTurn(value: T): void {
    if (!this.settled) this.#goInTurn("settling", value);
  }

  /** Settles with an error in a turn of its own; one that comes after the cancellation of the scope is none of this wait's. */
  failInTurn(error: unknown): void {
    if (!this.settled && !this.interrupted) this.#goInTurn("failing", error);
  }

  override interrupt(): void {
    if (this.#isOpen) this.#interruptWith(this.parent!.effective!);
  }

  /** Nobody goes on here any more: what the wait would take goes on to others. */
  override leftBehind(): void {
    if (!this.#isOpen) return;
    const cancellation = this.parent!.effective ??
      new Cancelled("cancel", "the scope in which this was waited for has ended");
    this.#interruptWith(cancellation);
  }

  get #isOpen(): boolean {
    return this.#phase === "waiting" || this.#phase === "settling";
  }

  #interruptWith(cancellation: Cancelled): void {
    this.#phase = "interrupted";
    this.#outcome = cancellation;
    this.takeBack();
    if (this.list === undefined) loop().queue.enqueue(this, laneIn(this.parent));
  }

  override run(): void {
    if (this.#phase === "settling") return void this.resolve(this.#outcome as T);
    const scope = this.parent;
    const isError = this.#phase === "failing" &&
      (scope === undefined || cancellationIn(scope, this.#outcome) === undefined);
    this.#end();
    if (isError) return this.#reject(this.#outcome);
    allowUnawaited(this.promise);
    // The outermost cancellation is the one to be thrown, if a further one came meanwhile; if a shield has gone up, or the scope
    // has ended, the one that ended this wait.
    this.#reject((scope!.closed ? undefined : deliver(scope!)) ?? this.#outcome);
  }

  /** For kinds of wait that have something to undo, or somebody to tell, when they end early; a turn for the rejection follows. */
  protected takeBack(): void {}

  #goInTurn(phase: "settling" | "failing", outcome: unknown): void {
    this.#phase = phase;
    this.#outcome = outcome;
    tellWoken(this);
    loop().queue.enqueue(this, laneIn(this.parent));
  }

  #endUncancelled(): boolean {
    if (this.#phase === "settled" || this.#phase === "interrupted") return false;
    if (this.isMember && this.parent!.effective !== undefined) {
      if (this.#isOpen) this.interrupt();
      return false;
    }
    this.#end();
    return true;
  }

  #end(): void {
    this.#phase = "settled";
    tellWaited(this);
    this.leave();
    if (this.list !== undefined) loop().queue.remove(this);
  }
}

/** Is told whether an answer came through. */
export interface Answerer<T> {
  answered(value: T, hasLanded: boolean): void;
}

/**
 * A value that is there already, given as a checkpoint: in a microtask, so that a cancellation that comes before the task goes on still
 * wins. `from` is told which of the two it was.
 */
export function answerIn<T>(scope: Scope, value: T, from?: Answerer<T>): Promise<T> {
  const answer = new Answer(scope, value, from as Answerer<unknown> | undefined);
  return answer.promise = soon.then(giveNext) as Promise<T>;
}

/**
 * An answer on its way. The plain form is a closure for each; on Node 20 a line of them costs less. Microtasks run in the order in which
 * they were asked for, so that each finds its own answer at the front.
 */
class Answer {
  readonly scope: Scope;
  readonly value: unknown;
  readonly from: Answerer<unknown> | undefined;
  promise!: Promise<unknown>;
  next: Answer | undefined = undefined;

  constructor(scope: Scope, value: unknown, from: Answerer<unknown> | undefined) {
    this.scope = scope;
    this.value = value;
    this.from = from;
    if (lastAnswer === undefined) firstAnswer = this;
    else lastAnswer.next = this;
    lastAnswer = this;
  }
}

const soon: Promise<void> = Promise.resolve();
/** The line of answers, first to last. */
let firstAnswer: Answer | undefined = undefined;
let lastAnswer: Answer | undefined = undefined;

function giveNext(): unknown {
  const { scope, value, from, promise, next } = firstAnswer!;
  firstAnswer = next;
  if (next === undefined) lastAnswer = undefined;
  const isOver = isCancelled(scope);
  from?.answered(value, !isOver);
  if (!isOver) return value;
  allowUnawaited(promise);
  throw deliver(scope);
}

/**
 * A wait with a name and a callback: `onCancel` is called once, at the moment of the cancellation, to take back what the wait
 * is for. In a scope that is cancelled already it is never called: look at `interrupted` before setting anything up.
 */
export class Wait<T = void> extends AnyWait<T> {
  readonly #what: string | Task<unknown> | undefined;
  #onCancel: (() => void) | undefined;

  constructor(scope: Scope | undefined, onCancel?: () => void, what?: string | Task<unknown>) {
    super(scope);
    this.#what = what;
    this.#onCancel = onCancel;
    this.began();
  }

  override get what(): string | Task<unknown> | undefined {
    return this.#what;
  }

  protected override takeBack(): void {
    const onCancel = this.#onCancel;
    this.#onCancel = undefined;
    onCancel?.();
  }
}

/** How a wait may end early. */
export interface WaitOptions {
  /**
   * Ends the wait when aborted; it then rejects with the signal's reason itself. A wait needs none where the scope around it is known.
   * In browsers that is so up to the first `await` of a function only: after it, `task.signal` and its like end a wait with its task.
   */
  signal?: AbortSignal;
}

/** The signal in the options of a wait, checked; `known` are the options that it has. */
export function signalOf(
  options: WaitOptions | undefined,
  known: readonly string[] = ["signal"],
): AbortSignal | undefined {
  if (options === undefined) return undefined;
  checkOptions(options, "a wait", known);
  checkSignal(options.signal);
  return options.signal;
}

/** The scope of one wait. Whoever leaves the wait alone has not left a scope open. */
class SignalScope extends Scope {
  override get closesFirst(): boolean {
    return false;
  }
}

/**
 * What `wait` comes to, which is to wait in the current scope; ended by the signal of `options`, too.
 *
 * @throws {TypeError} at the call, for options of a wrong kind.
 */
export function endedBy<T>(
  options: WaitOptions | undefined,
  wait: () => Promise<T>,
  known: readonly string[] = ["signal"],
): Promise<T> {
  const signal = signalOf(options, known);
  if (signal === undefined) return wait();
  const scope = new SignalScope(currentScope());
  const leaveSignal = joinSignal(scope, signal);
  function end(): void {
    leaveSignal();
    scope.close();
  }
  let waiting: Promise<T>;
  try {
    waiting = within(scope, wait, undefined);
  } catch (error) {
    end();
    throw error;
  }
  const ended: Promise<T> = new Promise((resolve, reject) => {
    waiting.then((value) => {
      end();
      resolve(value);
    }, (error) => {
      end();
      // As with all waits: one that was cancelled has nothing to say to those who do not look.
      if (error === scope.effective) allowUnawaited(ended);
      reject(error === scope.request ? signal.reason : error);
    });
  });
  return ended;
}
