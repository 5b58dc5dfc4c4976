/**
 * Bytes that are too many for a message: they lie beside, and the message says where.
 *
 * @module
 */

import type { Engine, Headers } from "../engine/engine.ts";
import { WireError } from "./wire_error.ts";

/** The header that names what lies beside. */
const header = "large";

/** What of a message is for its head, in bytes. */
const headRoom = 8192;

/** What goes in a message in the place of bytes. */
export interface Packed {
  readonly body: Uint8Array;
  readonly headers: Headers;
}

/** The most bytes that go in a message. */
export function mostOf({ maxBytes }: Engine): number {
  return maxBytes - headRoom;
}

/** The error of bytes that are too many; `what` they are. */
export function tooLarge(what: string, bytes: Uint8Array, engine: Engine): RangeError {
  return new RangeError(`${what} too large for a message: ${bytes.length} bytes of ${mostOf(engine)}`);
}

/** Puts bytes beside. */
export async function putBeside(engine: Engine, name: string, bytes: Uint8Array): Promise<Packed> {
  await engine.objects.put(name, bytes);
  return { body: new Uint8Array(0), headers: { [header]: name } };
}

/** Where the bytes of a message lie, if they lie beside. */
export function besideOf(message: Packed): string | undefined {
  // What is in the message is not beside it; to look at headers is dear.
  if (message.body.length > 0) return undefined;
  const { headers } = message;
  return Object.hasOwn(headers, header) ? headers[header] : undefined;
}

/** The header alone, for what is handed on. */
export function besideHeader(message: Packed): Headers {
  const name = besideOf(message);
  return name === undefined ? {} : { [header]: name };
}

/** The bytes that lie beside. */
export async function getBeside(engine: Engine, name: string): Promise<Uint8Array> {
  const bytes = await engine.objects.get(name);
  if (bytes === undefined) throw new WireError("what should lie beside it is gone");
  return bytes;
}
