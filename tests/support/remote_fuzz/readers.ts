/**
 * Hostile messages against all that read the wire.
 *
 * @module
 */

import { readAnswer, readControl, readJob } from "../../../io/remote/wire/messages.ts";
import { readValue } from "../../../io/remote/wire/value_reader.ts";
import { WireError } from "../../../io/remote/wire/wire_error.ts";
import { QueueFullError } from "../../../mod.ts";
import { Hostile } from "./hostile.ts";

/** How often each of them took a message, and refused one. */
export type Readings = Record<string, { taken: number; refused: number }>;

const known = new Map([["QueueFullError", QueueFullError]]);

const readers: Record<string, (bytes: Uint8Array) => unknown> = {
  value: (bytes) => readValue(bytes, known),
  job: readJob,
  answer: (bytes) => readAnswer(bytes, known),
  control: readControl,
};

/** Is a message read? Throws what no message may make a reader throw. */
export function isRead(reader: keyof typeof readers, bytes: Uint8Array): boolean {
  try {
    readers[reader]!(bytes);
    return true;
  } catch (error) {
    if (error instanceof WireError) return false;
    throw error;
  }
}

/** Reads so many messages of a seed. */
export function readHostile(messages: number, seed: number): Readings {
  const hostile = new Hostile(seed);
  const readings: Readings = {};
  for (const reader of Object.keys(readers)) readings[reader] = { taken: 0, refused: 0 };
  for (let message = 0; message < messages; message++) {
    const bytes = hostile.next();
    for (const [reader, counts] of Object.entries(readings)) {
      try {
        if (isRead(reader, bytes)) counts.taken++;
        else counts.refused++;
      } catch (error) {
        throw new Error(`Message ${message} of seed ${seed}, to be read as ${reader}`, { cause: error });
      }
    }
    if (Object.keys(Object.prototype).length > 0) {
      throw new Error(`Message ${message} of seed ${seed} has reached all objects`);
    }
  }
  return readings;
}
