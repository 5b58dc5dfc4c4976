/**
 * Values as histories hold them: when two are the same, and how they are written in a sentence.
 *
 * @module
 */

import { show } from "../../../runtime/basics/check.ts";

/** What stands for a value where values are compared: two are the same if these are. */
export type Canonical = string | number | boolean | bigint;

/** So deep may a value be; one that holds itself is deeper than anything. */
const mostDepth = 200;

/**
 * One primitive for each value: `null` and `undefined` are the same, and so are a property that is undefined and none, because that is
 * what is left of them in JSON. A string has a sign before it, which the texts of other values lack.
 */
export function canonical(value: unknown): Canonical {
  switch (typeof value) {
    case "number":
      // 0 and -0 are one, as they are for Map and in JSON.
      return value;
    case "boolean":
    case "bigint":
      return value;
    case "string":
      return `"${value}`;
    default:
      return value === null || value === undefined ? "null" : textOf(value, 0, true);
  }
}

/** Are these the same by structure? */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  const x = canonical(a);
  const y = canonical(b);
  return x === y || (x !== x && y !== y);
}

function textOf(value: unknown, depth: number, isSorted: boolean): string {
  if (value === null || value === undefined) return "null";
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object") {
    return typeof value === "number" || typeof value === "boolean" ? `${value}` : show(value);
  }
  if (depth > mostDepth) throw new TypeError(`A value of a history may be ${mostDepth} deep, and not hold itself`);
  const inner = (each: unknown) => textOf(each, depth + 1, isSorted);
  const inOrder = (texts: string[]) => isSorted ? texts.sort() : texts;
  if (Array.isArray(value)) return `[${value.map(inner).join()}]`;
  if (value instanceof Date) return `Date(${value.getTime()})`;
  if (value instanceof Set) return `Set(${inOrder([...value].map(inner)).join()})`;
  if (value instanceof Map) {
    return `Map(${inOrder([...value].map(([key, each]) => `${inner(key)}:${inner(each)}`)).join()})`;
  }
  if (ArrayBuffer.isView(value)) {
    return `Bytes(${[...new Uint8Array(value.buffer, value.byteOffset, value.byteLength)].join()})`;
  }
  if (value instanceof ArrayBuffer) return `Bytes(${[...new Uint8Array(value)].join()})`;
  const fields = inOrder(Object.keys(value)).filter((key) => (value as Record<string, unknown>)[key] !== undefined);
  return `{${fields.map((key) => `${JSON.stringify(key)}:${inner((value as Record<string, unknown>)[key])}`).join()}}`;
}

/** A value in a sentence; what is long is cut. */
export function brief(value: unknown, most = 40): string {
  if (value === undefined || value === null) return "nothing";
  const text = textOf(value, 0, false);
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

/** A copy that later changes of the value do not reach; of what cannot be copied its text. */
export function copied(value: unknown): unknown {
  if (typeof value === "function" || typeof value === "symbol") return show(value);
  if (typeof value !== "object" || value === null) return value;
  try {
    return structuredClone(value);
  } catch {
    return show(value);
  }
}
