/**
 * What is refused, and what is reported.
 *
 * @module
 */

import { reportUnhandled } from "../../../scheduler/scopes/unhandled.ts";
import type { Headers } from "../engine/engine.ts";

/** The most bytes of a message: those of a NATS server that nobody has told otherwise. */
export const maxBytes: number = 1 << 20;

/** Refuses what is too large for a message. */
export function checkSize(body: Uint8Array, headers: Headers): void {
  const texts = Object.entries(headers).flat().reduce((sum, text) => sum + text.length, 0);
  const bytes = body.length + texts;
  if (bytes > maxBytes) throw new RangeError(`A message has at most ${maxBytes} bytes: this one has ${bytes}`);
}

/** Calls somebody else's function: what it throws is reported, and ends nothing. */
export function guarded<T extends unknown[]>(fn: (...values: T) => void): (...values: T) => void {
  return (...values) => {
    try {
      fn(...values);
    } catch (error) {
      reportUnhandled(error);
    }
  };
}
