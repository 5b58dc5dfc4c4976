/**
 * Errors as data that came from elsewhere: looked through before an error is made of them.
 *
 * @module
 */

import { WireError } from "./wire_error.ts";

/** Refuses what is not an error as data, all of its parts included. */
export function checkEncodedError(encoded: unknown, done: Set<unknown> = new Set(), depth = 0): void {
  if (typeof encoded !== "object" || encoded === null || depth > 100) throw wrong();
  const { kind } = encoded as { kind?: unknown };
  if (done.has(encoded)) {
    // An error that comes twice is made once. What holds errors is made each time: a hundred of them, each twice in the next, for ever.
    if (kind === "apart") throw wrong();
    return;
  }
  done.add(encoded);
  const fields = encoded as Record<string, unknown>;
  if (kind === "value") return;
  if (kind === "url") {
    if (typeof fields["href"] !== "string") throw wrong();
    return;
  }
  if (kind === "apart") return checkGapped(fields["apart"], done, depth);
  if (kind !== "error" && kind !== "aggregate" && kind !== "dom") throw wrong();
  const { name, message, stack, classes, extras, cause, errors } = fields;
  if (typeof name !== "string" || typeof message !== "string") throw wrong();
  if (stack !== undefined && typeof stack !== "string") throw wrong();
  if (!isListOf(classes, (each) => typeof each === "string")) throw wrong();
  if (cause !== undefined) checkEncodedError(cause, done, depth + 1);
  if (errors !== undefined) {
    if (!Array.isArray(errors)) throw wrong();
    for (const error of errors) checkEncodedError(error, done, depth + 1);
  }
  if (!Array.isArray(extras)) throw wrong();
  for (const extra of extras) {
    if (!Array.isArray(extra) || typeof extra[0] !== "string") throw wrong();
    checkEncodedError(extra[1], done, depth + 1);
  }
}

function checkGapped(gapped: unknown, done: Set<unknown>, depth: number): void {
  const { list, gaps } = (gapped ?? {}) as { list?: unknown; gaps?: unknown };
  if (!Array.isArray(list) || !Array.isArray(gaps)) throw wrong();
  for (const gap of gaps) {
    if (!Array.isArray(gap)) throw wrong();
    const [holder, key, part] = gap;
    if (typeof holder !== "object" || holder === null) throw wrong();
    const isCollection = holder instanceof Map || holder instanceof Set;
    if (isCollection ? !(Number.isInteger(key) && key >= 0 && key < holder.size) : !isKey(key)) throw wrong();
    checkEncodedError(part, done, depth + 1);
  }
}

function isKey(key: unknown): boolean {
  return typeof key === "string" || typeof key === "number";
}

function isListOf(value: unknown, is: (each: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(is);
}

function wrong(): WireError {
  return new WireError("an error in it is none");
}
