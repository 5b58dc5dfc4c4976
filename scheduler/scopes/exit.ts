/**
 * What goes into a scope, and what it lets out at its end.
 *
 * ```
 *   the body has             a cancellation from around is in force     none is
 *   thrown an error          the error                                  the error
 *   thrown a cancellation    that one                                   its own is absorbed, or is its TimeoutError; others go on
 *   returned a value         the value, or that one if the scope is     the value, or the TimeoutError of a scope whose end by its
 *                            a time limit that is over                  deadline is an error
 * ```
 *
 * So no code runs between two scopes that are both cancelled, whichever was first.
 *
 * With an error go those that came after it. They belong to the occurrence and not to the error: many clients throw one and the same object
 * again and again. An occurrence is known by the scope that its group was in, and goes out through the scopes around as the error does.
 *
 * @module
 */

import { allowUnawaited, awaited, react } from "../../runtime/basics/promises.ts";
import { currentScope, within } from "./current_scope.ts";
import { type Cancelled, isAbort, isCancellation, isObject, isTaskCancelled } from "./errors.ts";
import type { Scope } from "./scope.ts";

/** What there is to know of the cancellation of a scope. */
export interface Cancellable {
  /** Its own. */
  readonly request: Cancelled | undefined;
  /** The one in force: that of the outermost scope around that no shield keeps out, else its own. */
  readonly effective: Cancelled | undefined;
}

/** A call of a body. */
interface BodyCall<A, T> {
  readonly body: (argument: A) => T | PromiseLike<T>;
  readonly argument: A;
}

/**
 * Calls a body in a scope, without a `this`, and gives what is to be awaited; if the body throws, a promise that rejects. A scope covers
 * what its body returns: the wait for a task, and what a lazy thenable begins, belong to it.
 */
export function enter<A, T>(
  scope: Scope | undefined,
  body: (argument: A) => T | PromiseLike<T>,
  argument: A,
): T | PromiseLike<T> {
  return within(scope, callBody<A, T>, { body, argument });
}

function callBody<A, T>({ body, argument }: BodyCall<A, T>): T | PromiseLike<T> {
  try {
    return awaited(body(argument));
  } catch (error) {
    return Promise.reject(error);
  }
}

/**
 * A promise of ours as it is given to the caller, with what `result` makes of its value: that it rejects only because of a cancellation, or
 * of `signal`, is no unhandled rejection if nobody awaits it. Any other error stays loud.
 */
export function toCaller<T, R = T>(
  work: Promise<T>,
  result: (value: T) => R | PromiseLike<R> = same as never,
  signal?: AbortSignal,
): Promise<R> {
  const promise = new Promise<R>((resolve, reject) => {
    react(work, (value) => {
      try {
        resolve(result(value));
      } catch (error) {
        reject(error);
      }
    }, (error) => {
      if (onlySaysEnded(error, signal)) allowUnawaited(promise);
      reject(error);
    });
  });
  return promise;
}

/** Does an error only say that somebody wanted an end? */
export function onlySaysEnded(error: unknown, signal?: AbortSignal): boolean {
  return isCancellation(error) || isTaskCancelled(error) || (signal?.aborted === true && error === signal.reason);
}

function same(value: unknown): unknown {
  return value;
}

/** What a call with a signal that is aborted already gives: its reason, which is nobody's news. */
export function abortedBy(signal: AbortSignal): Promise<never> {
  const promise = Promise.reject(signal.reason);
  allowUnawaited(promise);
  return promise;
}

/** The cancellation of a scope around this one that is in force in it. */
export function cancelledAround({ effective, request }: Cancellable): Cancelled | undefined {
  return effective === request ? undefined : effective;
}

/**
 * The cancellation that an error is which code in a scope has thrown; `undefined` for an error of its own. Hosts make errors of their own
 * of a cancellation, and a task that it has ended gives `TaskCancelledError` to those who wait for its result.
 */
export function cancellationIn({ effective, request }: Cancellable, error: unknown): Cancelled | undefined {
  if (effective === undefined || error === effective) return effective;
  if (isCancellation(error)) return error;
  if (!isTaskCancelled(error)) return isAbort(error) ? effective : undefined;
  const { cause } = error;
  return cause === effective || cause === request ? cause as Cancelled : undefined;
}

/** An error that a group has rejected with, and those that came after it. */
interface Occurrence {
  readonly error: object;
  readonly later: readonly unknown[];
}

/** The latest occurrence in each scope. */
const occurrences = new WeakMap<Scope, Occurrence>();

/** The later errors of the latest occurrence of an error, for those who look at it from elsewhere. */
const latest = new WeakMap<object, readonly unknown[]>();

/**
 * The failures that a group had after `error`, the one it rejected with, in order and without duplicates. Ask where the error was caught:
 * of an object that is thrown several times, code elsewhere gets the failures of the latest time. None for primitives.
 *
 * @example
 * ```ts
 * import { group, suppressed } from "@millrace/millrace";
 *
 * const second = new Error("second");
 * try {
 *   await group((g) => {
 *     g.spawn(() => Promise.reject(new Error("first")));
 *     g.spawn(() => Promise.reject(second));
 *   });
 * } catch (error) {
 *   console.log((error as Error).message, suppressed(error).length);
 * }
 * ```
 */
export function suppressed(error: unknown): readonly unknown[] {
  if (!isObject(error)) return none;
  for (let scope = currentScope(); scope !== undefined; scope = scope.parent) {
    const found = occurrences.get(scope);
    if (found?.error === error) return found.later;
  }
  return latest.get(error) ?? none;
}

const none: readonly unknown[] = [];

/** The later errors of an error that has come out of `scope`, as those inside have left them. */
export function suppressedIn(scope: Scope | undefined, error: unknown): readonly unknown[] {
  const found = scope && occurrences.get(scope);
  return found !== undefined && found.error === error ? found.later : none;
}

/** Remembers what came after an error that is on its way out to `scope`; without duplicates, and without the error itself. */
export function suppress(error: unknown, later: readonly unknown[], scope: Scope | undefined): void {
  if (!isObject(error)) return;
  const others = later.length === 0 ? none : [...new Set(later)].filter((other) => other !== error);
  if (scope !== undefined) occurrences.set(scope, { error, later: others });
  if (others.length === 0) latest.delete(error);
  else latest.set(error, others);
}

/** An error goes out of a scope that is no group, into the one around it. */
export function passOn(scope: Scope, error: unknown): void {
  const found = occurrences.get(scope);
  if (found !== undefined && found.error === error && scope.parent !== undefined) occurrences.set(scope.parent, found);
}
