/**
 * What is refused, and what is reported.
 *
 * @module
 */

import type { Headers } from "../engine/engine.ts";

/** The most bytes of a message: those of a NATS server that nobody has told otherwise. */
export const maxBytes: number = 1 << 20;

/** Refuses what is too large for a message. */
export function checkSize(body: Uint8Array, headers: Headers): void {
  const texts = Object.entries(headers).flat().reduce((sum, text) => sum + text.length, 0);
  const bytes = body.length + texts;
  if (bytes > maxBytes) throw new RangeError(`A message has at most ${maxBytes} bytes: this one has ${bytes}`);
}
