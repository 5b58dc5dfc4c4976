/**
 * Turns over `setImmediate`.
 *
 * @module
 */

import type { Turns } from "../../port/host.ts";
import { ownFunctions } from "./own_functions.ts";

/**
 * Turns over `setImmediate` for loops that poll between two batches of immediates: an immediate asked for while a batch
 * runs belongs to the next batch, and timers and I/O come between the two.
 *
 * Which batch an immediate belongs to is known by which of two functions it calls: the first of a batch to run turns
 * new requests over to the other function.
 */
export function immediateTurns(onTurn: (fresh: boolean) => void): Turns {
  const setImmediate = ownFunctions().setImmediate!;
  let even = true;
  function runEven(): void {
    const fresh = even;
    even = false;
    onTurn(fresh);
  }
  function runOdd(): void {
    const fresh = !even;
    even = true;
    onTurn(fresh);
  }
  function request(): void {
    setImmediate(even ? runEven : runOdd);
  }
  return { request, requestAfterPoll: request };
}
