/**
 * Texts in the headers of NATS, whose lines are printable ASCII without blanks at their ends: whatever is not is written as in an address.
 *
 * @module
 */

import type { Headers } from "../engine/engine.ts";
import type { NatsHeaders } from "./connection.ts";

/** What carries the id of a message; a server adds none that it knows of. */
export const idHeader = "Nats-Msg-Id";

/** What the headers of the server and its clients begin with: they are nobody else's. */
const reserved = /^nats-/i;

const name = /^[\w-]+$/;

/** Most messages have none of their own. */
const none: Headers = Object.freeze({});

/** What is written as it is. */
const plain = /^[!-$&-~](?:[ -$&-~]*[!-$&-~])?$/;

function written(value: string): string {
  if (plain.test(value)) return value;
  // An id of a user may have half of a character that takes two: that cannot be written at all.
  return value.toWellFormed().replace(/^ | $|[^\x20-\x24\x26-\x7e]/gu, encodeURIComponent);
}

function read(value: string): string {
  if (!value.includes("%")) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    // It was written by somebody else.
    return value;
  }
}

/** Headers to be sent; `undefined` where there are none. */
export function toNatsHeaders(make: () => NatsHeaders, headers: Headers | undefined): NatsHeaders | undefined;
export function toNatsHeaders(make: () => NatsHeaders, headers: Headers | undefined, id: string): NatsHeaders;
export function toNatsHeaders(
  make: () => NatsHeaders,
  headers: Headers | undefined = none,
  id?: string,
): NatsHeaders | undefined {
  const entries = headers === none ? [] : Object.entries(headers);
  if (entries.length === 0 && id === undefined) return undefined;
  const made = make();
  for (const [key, value] of entries) {
    if (!name.test(key) || reserved.test(key)) throw new TypeError(`A message has no header ${JSON.stringify(key)}`);
    made.set(key, written(value));
  }
  if (id !== undefined) made.set(idHeader, written(id));
  return made;
}

/** Headers that came, without those of the server. */
export function fromNatsHeaders(headers: NatsHeaders | undefined): Headers {
  if (headers === undefined) return none;
  const keys = headers.keys().filter((key) => !reserved.test(key));
  if (keys.length === 0) return none;
  return Object.fromEntries(keys.map((key) => [key, read(headers.get(key))]));
}

/** The id that came with a message. */
export function idOf(headers: NatsHeaders | undefined): string {
  return read(headers?.get(idHeader) ?? "");
}

/** The headers of a stored message, which the server gives as it keeps them: a first line, then one for each. */
export function parseStoredHeaders(block: string): { readonly id: string; readonly headers: Headers } {
  const pairs = block.split("\r\n").slice(1).filter((line) => line.includes(":")).map((line) => {
    const at = line.indexOf(":");
    return [line.slice(0, at), read(line.slice(at + 1).trim())] as const;
  });
  const id = pairs.find(([key]) => key === idHeader)?.[1] ?? "";
  return { id, headers: Object.fromEntries(pairs.filter(([key]) => !reserved.test(key))) };
}
