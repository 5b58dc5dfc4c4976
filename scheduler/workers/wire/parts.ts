/**
 * Values with parts that travel apart: errors, of which structured clone loses class, name and more, and URLs, of which Node 20 makes
 * an empty object. What stands in two places is one object on the other side too.
 *
 * @module
 */

import { Decoding, type EncodedError, Encoding, type KnownClasses } from "./error_codec.ts";
import { type Gapped, putTogether as fill, takeApart as empty } from "./gaps.ts";

/** A value, in the first place of a list, or a list of values, without its parts; and these. */
export type Apart = Gapped<EncodedError>;

/** Takes the `parts` out of the values of a list. The list and what holds a part are copied, not changed. */
export function takeApart(values: readonly unknown[], parts: ReadonlySet<object>): Apart {
  const encoding = new Encoding();
  return empty(values, parts, (part) => encoding.encode(part));
}

/** Puts the parts back into their gaps; gives the list. */
export function putTogether(apart: Apart, known?: KnownClasses): unknown[] {
  const decoding = new Decoding(known);
  return fill(apart, (part) => decoding.decode(part));
}
