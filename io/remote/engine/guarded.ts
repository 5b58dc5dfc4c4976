/**
 * Functions of somebody else's, called by an engine.
 *
 * @module
 */

import { reportUnhandled } from "../../../scheduler/scopes/unhandled.ts";

/** Calls one: what it throws is reported, and ends nothing. The client of NATS would end its reading, and with it the connection, without a word. */
export function guarded<T extends unknown[]>(fn: (...values: T) => void): (...values: T) => void {
  return (...values) => {
    try {
      fn(...values);
    } catch (error) {
      reportUnhandled(error);
    }
  };
}
