/**
 * Time limits and shields around a function.
 *
 * @module
 */

import { checkDuration, checkFunction, checkOptions } from "../../runtime/basics/check.ts";
import { allowUnawaited } from "../../runtime/basics/promises.ts";
import { loop } from "../queue/loop.ts";
import { CancelScope } from "./cancel_scope.ts";
import { type BodyContext, contextOf, currentScope } from "./current_scope.ts";
import { TimeoutError } from "./errors.ts";
import { cancellationIn, cancelledAround, enter, passOn } from "./exit.ts";
import { Scope } from "./scope.ts";

/**
 * Runs `body` for at most `ms` milliseconds: then it is cancelled, and when it has ended the promise rejects with
 * `TimeoutError`, also if the body swallowed the cancellation. An error that the body throws in reaction wins. 0 cancels at the
 * first checkpoint, `Infinity` never.
 *
 * @throws {RangeError} or {TypeError} at the call, for a time that is negative or no number.
 * @throws {TimeoutError} (rejection) if this deadline passed, and only then.
 *
 * @example
 * ```ts
 * import { sleep, TimeoutError, withTimeout } from "@millrace/millrace";
 *
 * try {
 *   await withTimeout(10, () => sleep(60_000));
 * } catch (error) {
 *   console.log(error instanceof TimeoutError);
 * }
 * ```
 */
export function withTimeout<T>(ms: number, body: (context: BodyContext) => T | PromiseLike<T>): Promise<T> {
  checkDuration(ms, "A timeout");
  checkFunction(body, "The body of withTimeout");
  return new TimedScope("withTimeout", ms).runTimed(body);
}

/** A scope whose end by its deadline is an error. */
class TimedScope extends Scope {
  readonly #what: string;
  readonly #timeout: number;
  #promise: Promise<unknown> | undefined = undefined;

  constructor(what: string, timeout: number) {
    super(currentScope());
    this.#what = what;
    this.#timeout = timeout;
  }

  /** Runs the body with the deadline; an expired one is thrown even if the body took no notice. */
  runTimed<T>(body: (context: BodyContext) => T | PromiseLike<T>): Promise<T> {
    this.deadline = loop().timers.now() + this.#timeout;
    const promise = this.#run(body);
    this.#promise = promise;
    return promise;
  }

  async #run<T>(body: (context: BodyContext) => T | PromiseLike<T>): Promise<T> {
    let value: T;
    let thrown: { error: unknown } | undefined;
    try {
      value = await enter(this, body, contextOf(this));
    } catch (error) {
      thrown = { error };
    }
    const misuse = this.inner > 0 ? await this.closeLeftOpen() : undefined;
    const around = cancelledAround(this);
    this.close();
    const { request } = this;
    if (thrown === undefined) {
      if (misuse !== undefined) throw misuse;
      if (request === undefined) return value!;
    } else {
      const cancellation = cancellationIn(this, thrown.error);
      if (cancellation !== undefined && cancellation !== request) allowUnawaited(this.#promise!);
      if (cancellation === undefined) passOn(this, thrown.error);
      if (cancellation === undefined || cancellation !== request) throw thrown.error;
    }
    if (around === undefined && request!.source === "deadline") throw new TimeoutError(this.#what, this.#timeout);
    allowUnawaited(this.#promise!);
    throw around ?? request;
  }
}

/**
 * Runs `body` for at most `ms` milliseconds: then it is cancelled, and the promise resolves to `undefined`. A value that the body
 * returns in time, or in spite of the cancellation, is the result.
 *
 * @throws {RangeError} or {TypeError} at the call, for a time that is negative or no number.
 *
 * @example
 * ```ts
 * import { moveOnAfter, sleep } from "@millrace/millrace";
 *
 * console.log(await moveOnAfter(10, () => sleep(60_000).then(() => "late")));
 * ```
 */
export function moveOnAfter<T>(
  ms: number,
  body: (context: BodyContext) => T | PromiseLike<T>,
): Promise<T | undefined> {
  checkDuration(ms, "A timeout");
  return new CancelScope({ timeout: ms }).run(body);
}

/**
 * Runs `body` apart from the cancellation around it: for cleaning up. Bound it with `timeout` (ms): then it is cancelled itself
 * and the promise rejects with `TimeoutError`. A cancellation that came meanwhile shows at the next checkpoint after it.
 *
 * @throws {RangeError} or {TypeError} at the call, for a time that is negative or no number.
 * @throws {TimeoutError} (rejection) when `options.timeout` has passed.
 *
 * @example
 * ```ts
 * import { CancelScope, shield, sleep } from "@millrace/millrace";
 *
 * const scope = new CancelScope();
 * await scope.run(async () => {
 *   scope.cancel();
 *   await shield(() => sleep(1), { timeout: 1000 });
 *   console.log("cleaned up");
 * });
 * ```
 */
export function shield<T>(
  body: (context: BodyContext) => T | PromiseLike<T>,
  options: {
    /** How long the body may take, in ms; then it is cancelled, and `shield` rejects with `TimeoutError`. Default: `Infinity`. */
    timeout?: number;
  } = {},
): Promise<T> {
  checkFunction(body, "The body of shield");
  checkOptions(options, "shield", ["timeout"]);
  const { timeout = Infinity } = options;
  checkDuration(timeout, "The timeout of a shield");
  const scope = new TimedScope("shield", timeout);
  scope.setShield(true);
  return scope.runTimed(body);
}
