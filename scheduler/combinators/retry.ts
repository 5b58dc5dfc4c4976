/**
 * Trying again what has failed.
 *
 * @module
 */

import { checkCount, checkDuration, checkFunction, checkOptions } from "../../runtime/basics/check.ts";
import { type BodyContext, contextOf, currentScope, deliver, within } from "../scopes/current_scope.ts";
import { isAbort } from "../scopes/errors.ts";
import { enter, suppress, suppressedIn, toCaller } from "../scopes/exit.ts";
import { checkSignal } from "../scopes/foreign_signal.ts";
import { CancelScope, withTimeout } from "../scopes/mod.ts";
import { type Backoff, checkBackoff, delayAfter } from "../waits/backoff.ts";
import { sleep } from "../waits/sleep.ts";

/** How to try again. */
export interface RetryOptions {
  /** How often to try in all, the first time included; 1 to `Infinity`. Default: 5. */
  attempts?: number;
  /** How long to wait before the second attempt, in ms. Default: 1000. */
  delay?: number;
  /** What each further wait is multiplied by, 1 or more. Default: 2. */
  factor?: number;
  /** No wait is longer, in ms. Default: 60,000. */
  maxDelay?: number;
  /**
   * Which part of each wait is left to chance, 0 to 1: with 1, or `true`, it is anything up to the whole. Default: 0.
   */
  jitter?: number | boolean;
  /**
   * How long each attempt may take, in ms; then it is cancelled and has failed with `TimeoutError`. Default: no limit.
   */
  timeout?: number;
  /**
   * Is asked after each failure but the last whether to try again; `attempt` counts from 1. What it throws is thrown
   * on. Default: yes, except after an `AbortError`, which says that somebody wanted an end.
   */
  shouldRetry?: (error: unknown, attempt: number) => boolean | PromiseLike<boolean>;
  /** Ends it all when aborted; `retry` then rejects with the signal's reason itself. */
  signal?: AbortSignal;
}

/** What is remembered of earlier attempts: an endless retry is not to collect errors for ever. */
const remembered = 100;

/**
 * Calls `fn(attempt, { signal })` until it succeeds, and resolves to its result. When the attempts are used up it rejects with the
 * last error itself; `suppressed()` of that has those of the attempts before, in order (the latest 100; none if the
 * last was thrown as a primitive).
 *
 * A cancellation from around it ends it, in an attempt or between two, and is never taken for a failure to be tried
 * again; what an attempt throws in reaction to one is thrown on. For a bound on all attempts together put it in
 * `withTimeout`.
 *
 * @throws {TypeError} or {RangeError} at the call, for arguments of a wrong kind or range.
 *
 * @example
 * ```ts
 * import { retry } from "@millrace/millrace";
 *
 * const answer = await retry((attempt) => {
 *   if (attempt < 3) throw new Error("not yet");
 *   return `after ${attempt} attempts`;
 * }, { delay: 1, jitter: true });
 * console.log(answer); // -> after 3 attempts
 * ```
 */
export function retry<T>(
  fn: (attempt: number, context: BodyContext) => T | PromiseLike<T>,
  options: RetryOptions = {},
): Promise<T> {
  checkFunction(fn, "The function to retry");
  checkOptions(options, "retry", [
    "attempts",
    "delay",
    "factor",
    "maxDelay",
    "jitter",
    "timeout",
    "shouldRetry",
    "signal",
  ]);
  const { attempts = 5, delay = 1000, factor = 2, maxDelay = 60_000, jitter = 0, timeout, signal } = options;
  const { shouldRetry = (error: unknown) => !isAbort(error) } = options;
  checkCount(attempts, "The attempts of retry", 1);
  const names = { initial: "The delay of retry", max: "The maxDelay of retry" };
  const backoff = checkBackoff(delay, factor, maxDelay, jitter, names);
  if (timeout !== undefined) checkDuration(timeout, "The timeout of retry");
  checkFunction(shouldRetry, "shouldRetry");
  checkSignal(signal);
  const body = () => tryAll(fn, { attempts, backoff, timeout, shouldRetry });
  return signal === undefined ? toCaller(body()) : new CancelScope({ signal }).run(body) as Promise<T>;
}

async function tryAll<T>(
  fn: (attempt: number, context: BodyContext) => T | PromiseLike<T>,
  { attempts, backoff, timeout, shouldRetry }: {
    attempts: number;
    backoff: Backoff;
    timeout: number | undefined;
    shouldRetry: (error: unknown, attempt: number) => boolean | PromiseLike<boolean>;
  },
): Promise<T> {
  const scope = currentScope();
  const context = contextOf(scope);
  const earlier: unknown[] = [];
  // Each attempt is put in the scope of the call: not every host carries that across an `await`.
  const tryOnce = (attempt: number): T | PromiseLike<T> =>
    timeout === undefined ? fn(attempt, context) : withTimeout(timeout, (context) => fn(attempt, context));
  for (let attempt = 1;; attempt++) {
    if (scope?.effective !== undefined) throw deliver(scope);
    try {
      return await enter(scope, tryOnce, attempt);
    } catch (error) {
      const ends = scope?.effective !== undefined || attempt >= attempts || !(await shouldRetry(error, attempt));
      if (ends) {
        suppress(error, [...suppressedIn(scope, error), ...earlier], scope);
        throw error;
      }
      earlier.push(error);
      if (earlier.length > remembered) earlier.shift();
    }
    await within(scope, sleep, delayAfter(attempt, backoff));
  }
}
