/**
 * Cancel scopes.
 *
 * @module
 */

import {
  checkBoolean,
  checkDuration,
  checkFunction,
  checkName,
  checkOptions,
  checkTime,
} from "../../runtime/basics/check.ts";
import { allowUnawaited } from "../../runtime/basics/promises.ts";
import { loop } from "../queue/loop.ts";
import { currentScope } from "./current_scope.ts";
import { Cancelled, StructureError } from "./errors.ts";
import { abortedBy, cancellationIn, cancelledAround, enter, passOn } from "./exit.ts";
import { checkSignal, joinSignal } from "./foreign_signal.ts";
import { Scope } from "./scope.ts";
import { ScopeSignal } from "./scope_signal.ts";

/** How a scope is to be. */
export interface CancelScopeOptions {
  /** When the scope cancels itself, in ms of the host's clock (`performance.now()`). Default: never. */
  deadline?: number;
  /** The same, in ms from when the scope is entered. With `deadline` too, the earlier one counts. Default: never. */
  timeout?: number;
  /** Keeps out the cancellation of the scopes around. Default: false. */
  shield?: boolean;
  /** Cancels the scope when aborted; `run` then rejects with the signal's reason itself. */
  signal?: AbortSignal;
  /** A name for messages. Default: none. */
  name?: string;
}

/**
 * A piece of code that can be cancelled, from inside or outside, by hand or by a deadline.
 *
 * Cancellation is level-triggered: once the scope is cancelled every checkpoint in it throws `Cancelled`, until it
 * ends. The scope absorbs the cancellation it caused, and no other.
 *
 * @example
 * ```ts
 * import { CancelScope, sleep } from "@millrace/millrace";
 *
 * const scope = new CancelScope({ timeout: 10 });
 * const answer = await scope.run(async () => {
 *   await sleep(60_000);
 *   return "never";
 * });
 * console.log(answer, scope.cancelCaught);
 * ```
 */
export class CancelScope {
  readonly #options: CancelScopeOptions;
  #state: "new" | "open" | "closed" = "new";
  #scope: Scope | undefined = undefined;
  /** What `run` gives. */
  #promise: Promise<unknown> | undefined = undefined;
  /** Asked for before the scope was entered. */
  #early: Cancelled | undefined = undefined;
  #caught = false;
  #deadline: number;
  #shield: boolean;
  /** The signal, when it was read before the scope was entered. */
  #ownSignal: ScopeSignal | undefined = undefined;

  /** Makes a scope; {@linkcode run} enters it. */
  constructor(options: CancelScopeOptions = {}) {
    checkOptions(options, "a CancelScope", ["deadline", "timeout", "shield", "signal", "name"]);
    if (options.deadline !== undefined) checkTime(options.deadline, "A deadline");
    if (options.timeout !== undefined) checkDuration(options.timeout, "A timeout");
    checkBoolean(options.shield, "The shield of a scope");
    checkSignal(options.signal);
    checkName(options.name);
    this.#options = options;
    this.#deadline = options.deadline ?? Infinity;
    this.#shield = options.shield === true;
  }

  /** Has the scope been cancelled? It need not have noticed yet. */
  get cancelCalled(): boolean {
    return this.#scope?.request !== undefined || this.#early !== undefined;
  }

  /** Did the scope end by absorbing its own cancellation? */
  get cancelCaught(): boolean {
    return this.#caught;
  }

  /** When the scope cancels itself, in ms of the host's clock; `Infinity` for never. Settable at any time. */
  get deadline(): number {
    return this.#deadline;
  }

  set deadline(time: number) {
    checkTime(time, "A deadline");
    this.#deadline = time;
    if (this.#scope !== undefined) this.#scope.deadline = time;
  }

  /** Does the scope keep out cancellation from around it? Settable at any time; a pending one then arrives at once. */
  get shield(): boolean {
    return this.#shield;
  }

  set shield(shield: boolean) {
    checkBoolean(shield, "The shield of a scope");
    this.#shield = shield;
    this.#scope?.setShield(shield);
  }

  /** Aborted when code in the scope is cancelled, from wherever; made when first read. */
  get signal(): AbortSignal {
    if (this.#scope !== undefined) return this.#scope.signal;
    if (this.#ownSignal === undefined) {
      this.#ownSignal = new ScopeSignal();
      if (this.#early !== undefined) this.#ownSignal.abort(this.#early);
    }
    return this.#ownSignal.signal;
  }

  /** Cancels the scope, also before it is entered. Only the first call counts; after the end it does nothing. */
  cancel(reason?: unknown): void {
    if (this.#state !== "new") return this.#scope!.cancel("cancel", reason);
    if (this.#early !== undefined) return;
    this.#early = new Cancelled("cancel", reason);
    this.#ownSignal?.abort(this.#early);
  }

  /**
   * Enters the scope and runs `body` in it, at once. Resolves to its result, or to `undefined` when the scope absorbed
   * its own cancellation; rejects with what else the body throws.
   *
   * @throws {StructureError} when the scope was entered before.
   */
  run<T>(body: (scope: CancelScope) => T | PromiseLike<T>): Promise<T | undefined> {
    checkFunction(body, "The body of a scope");
    if (this.#state !== "new") throw new StructureError("A CancelScope can be entered only once");
    this.#state = "open";
    if (this.#options.signal?.aborted) {
      this.#state = "closed";
      this.#scope = new Scope(undefined);
      return abortedBy(this.#options.signal);
    }
    const promise = this.#run(body);
    this.#promise = promise;
    return promise;
  }

  async #run<T>(body: (scope: CancelScope) => T | PromiseLike<T>): Promise<T | undefined> {
    const scope = this.#scope = new Scope(currentScope());
    scope.setShield(this.#shield);
    if (this.#ownSignal !== undefined) scope.useSignal(this.#ownSignal);
    const { timeout, signal } = this.#options;
    if (timeout !== undefined) this.#deadline = Math.min(this.#deadline, loop().timers.now() + timeout);
    scope.deadline = this.#deadline;
    const leaveSignal = signal && joinSignal(scope, signal);
    if (this.#early !== undefined) scope.cancelWith(this.#early);
    let value: T | undefined;
    let thrown: { error: unknown } | undefined;
    try {
      value = await enter(scope, body, this);
    } catch (error) {
      thrown = { error };
    }
    const misuse = scope.inner > 0 ? await scope.closeLeftOpen() : undefined;
    const around = cancelledAround(scope);
    scope.close();
    leaveSignal?.();
    this.#state = "closed";
    if (thrown === undefined) {
      if (misuse !== undefined) throw misuse;
      return value;
    }
    const cancellation = cancellationIn(scope, thrown.error);
    if (cancellation === undefined) {
      passOn(scope, thrown.error);
      throw thrown.error;
    }
    const { request } = scope;
    const isAbsorbed = cancellation === request && around === undefined && request.source !== "signal";
    if (!isAbsorbed) {
      allowUnawaited(this.#promise!);
      if (cancellation !== request) throw thrown.error;
      throw around ?? request.reason;
    }
    this.#caught = true;
    return undefined;
  }
}

/**
 * The signal of the innermost scope around the call, aborted with its `Cancelled` when code there is cancelled: by the scope itself, its
 * deadline or one around. Made when first asked for; asked again, the same. Outside any scope, one that is never aborted; where a
 * host has no async context, as in browsers, that is also so after the first `await` of a function.
 *
 * @example
 * ```ts
 * import { currentSignal, withTimeout } from "@millrace/millrace";
 *
 * function load(url: string): Promise<Response> {
 *   return withTimeout(1000, () => fetch(url, { signal: currentSignal() }));
 * }
 * console.log(typeof load, currentSignal().aborted);
 * ```
 */
export function currentSignal(): AbortSignal {
  return currentScope()?.signal ?? new AbortController().signal;
}

/**
 * The time at which a deadline will cancel the calling code, in ms of the host's clock: the earliest deadline of the scopes around it, up
 * to the nearest shield. `Infinity` for never, `-Infinity` when it is cancelled already.
 *
 * @example
 * ```ts
 * import { effectiveDeadline, withTimeout } from "@millrace/millrace";
 *
 * await withTimeout(1000, () => console.log(effectiveDeadline() - performance.now() <= 1000));
 * ```
 */
export function effectiveDeadline(): number {
  let scope = currentScope();
  if (scope?.effective !== undefined) return -Infinity;
  let deadline = Infinity;
  for (; scope !== undefined; scope = scope.parent) {
    deadline = Math.min(deadline, scope.deadline);
    if (scope.shielded) break;
  }
  return deadline;
}
