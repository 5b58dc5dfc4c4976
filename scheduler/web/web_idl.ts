/**
 * Arguments as the web's own functions take them.
 *
 * @module
 */

import { show } from "../../runtime/basics/check.ts";
import { checkPriority, type Priority } from "../queue/priority.ts";

/**
 * Gives a class what those of a host have and a class of the language does not: members that are enumerable, and a name by which
 * its objects are told.
 */
export function likeTheHosts(
  constructor: { readonly prototype: object },
  name: string,
  members: readonly string[],
  statics: readonly string[] = [],
): void {
  const { prototype } = constructor;
  for (const member of members) Object.defineProperty(prototype, member, { enumerable: true });
  for (const member of statics) Object.defineProperty(constructor, member, { enumerable: true });
  Object.defineProperty(prototype, Symbol.toStringTag, { value: name, configurable: true });
}

/** Options as the standard's dictionaries take them: an object, or nothing. */
export function dictionary<T extends object>(value: unknown): Partial<T> {
  if (value === undefined || value === null) return {};
  if (typeof value !== "object" && typeof value !== "function") {
    throw new TypeError(`Options have to be an object: received ${show(value)}`);
  }
  return value;
}

export function toPriority(value: unknown): Priority {
  return value === undefined ? "user-visible" : toRequiredPriority(value);
}

/** A priority as the standard's enumerations take it: what is none is refused, after it has been made a string. */
export function toRequiredPriority(value: unknown): Priority {
  const priority: unknown = `${value}`;
  checkPriority(priority);
  return priority as Priority;
}

/** The conversion that the standard calls `[EnforceRange] unsigned long long`. */
export function toUnsignedLongLong(value: unknown): number {
  const number = Math.trunc(+(value as number));
  if (!Number.isFinite(number) || number < 0 || number > Number.MAX_SAFE_INTEGER) {
    throw new TypeError(`A delay is a whole number of ms of at least 0 and at most 2^53 - 1: received ${show(value)}`);
  }
  return number + 0;
}
