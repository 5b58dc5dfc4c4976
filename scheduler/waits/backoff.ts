/**
 * How long to wait before trying once more.
 *
 * @module
 */

import { checkDuration, show } from "../../runtime/basics/check.ts";

/** A wait that grows from one try to the next. */
export interface Backoff {
  /** Before the second try, in ms. */
  readonly initial: number;
  /** What each further wait is multiplied by. */
  readonly factor: number;
  /** No wait is longer, in ms. */
  readonly max: number;
  /** Which part of a wait is left to chance, 0 to 1. */
  readonly jitter: number;
}

/** Checks the parts of a backoff; `what` names them in messages. */
export function checkBackoff(
  initial: number,
  factor: number,
  max: number,
  jitter: number | boolean,
  what: { initial: string; max: string },
): Backoff {
  checkDuration(initial, what.initial);
  checkDuration(max, what.max);
  if (typeof factor !== "number") throw new TypeError(`A factor has to be a number: received ${show(factor)}`);
  if (!(factor >= 1)) throw new RangeError(`A factor has to be 1 or more: received ${factor}`);
  const part = typeof jitter === "boolean" ? Number(jitter) : jitter;
  if (typeof part !== "number") {
    throw new TypeError(`A jitter has to be a number or a boolean: received ${show(jitter)}`);
  }
  if (!(part >= 0 && part <= 1)) throw new RangeError(`A jitter has to be from 0 to 1: received ${part}`);
  return { initial, factor, max, jitter: part };
}

/**
 * The wait after so many tries in a row, in ms. `Math.random` is what simulations replace, so that they can be
 * repeated.
 */
export function delayAfter(tries: number, { initial, factor, max, jitter }: Backoff): number {
  const delay = initial === 0 ? 0 : Math.min(max, initial * factor ** (tries - 1));
  return jitter === 0 ? delay : delay * (1 - jitter * Math.random());
}
