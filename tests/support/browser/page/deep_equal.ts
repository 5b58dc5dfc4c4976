/**
 * Equality of values as `assert.deepStrictEqual` has it, and values in words.
 *
 * @module
 */

type Key = string | symbol;

/** Where two values first differ, in words; `undefined` where they are equal. */
export function firstDifference(actual: unknown, expected: unknown): string | undefined {
  return compare(actual, expected, "", new Map());
}

function compare(a: unknown, b: unknown, path: string, seen: Map<unknown, unknown>): string | undefined {
  if (Object.is(a, b)) return undefined;
  const here = path === "" ? "the values" : path;
  if (!isObject(a) || !isObject(b)) return `${here}: ${shown(a)} is not ${shown(b)}`;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return `${here}: of another class`;
  if (tagOf(a) !== tagOf(b)) return `${here}: ${tagOf(a)} is no ${tagOf(b)}`;
  if (typeof a === "function" || a instanceof WeakMap || a instanceof WeakSet || a instanceof Promise) {
    return `${here}: not the same ${tagOf(a)}`;
  }
  // A circle that has come here before is equal as long as nothing else differs.
  if (seen.get(a) === b) return undefined;
  seen.set(a, b);
  return compareContent(a, b, here, seen) ?? compareProperties(a, b, path, seen);
}

function compareContent(a: object, b: object, here: string, seen: Map<unknown, unknown>): string | undefined {
  if (isBoxed(a)) return compare(a.valueOf(), b.valueOf(), here, seen);
  if (a instanceof RegExp) return `${a}` === `${b}` ? undefined : `${here}: ${a} is not ${b}`;
  if (a instanceof Error) {
    for (const key of ["name", "message", "cause", "errors"] as const) {
      const [left, right] = [a, b].map((error) => (error as unknown as Record<string, unknown>)[key]);
      const difference = compare(left, right, `${here}.${key}`, seen);
      if (difference !== undefined) return difference;
    }
  }
  if (a instanceof ArrayBuffer) return compare(new Uint8Array(a), new Uint8Array(b as ArrayBuffer), here, seen);
  if (a instanceof Map) return compareMaps(a, b as Map<unknown, unknown>, here, seen);
  if (a instanceof Set) return compareSets(a, b as Set<unknown>, here, seen);
  return undefined;
}

function compareMaps(a: Map<unknown, unknown>, b: Map<unknown, unknown>, here: string, seen: Map<unknown, unknown>) {
  if (a.size !== b.size) return `${here}: a map of ${a.size} is none of ${b.size}`;
  for (const [key, value] of a) {
    if (!b.has(key)) {
      // A key that is an object has its equal, not itself, in the other map.
      const pair = [key, value];
      if (isObject(key) && [...b].some((other) => compare(pair, other, "", new Map(seen)) === undefined)) continue;
      return `${here}: the key ${shown(key)} is missing`;
    }
    const difference = compare(value, b.get(key), `${here}.get(${shown(key)})`, seen);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function compareSets(a: Set<unknown>, b: Set<unknown>, here: string, seen: Map<unknown, unknown>): string | undefined {
  if (a.size !== b.size) return `${here}: a set of ${a.size} is none of ${b.size}`;
  for (const value of a) {
    const isThere = b.has(value) || [...b].some((other) => compare(value, other, "", new Map(seen)) === undefined);
    if (!isThere) return `${here}: ${shown(value)} is missing`;
  }
  return undefined;
}

/** Millions of elements: not one by one by their names. */
function compareElements(a: ArrayLike<unknown>, b: ArrayLike<unknown>, path: string): string | undefined {
  if (a.length !== b.length) return `${path || "the values"}: ${a.length} elements are not ${b.length}`;
  for (let index = 0; index < a.length; index++) {
    if (!Object.is(a[index], b[index])) return `${path}.${index}: ${shown(a[index])} is not ${shown(b[index])}`;
  }
  return undefined;
}

function compareProperties(a: object, b: object, path: string, seen: Map<unknown, unknown>): string | undefined {
  if (isTyped(a) && isTyped(b)) return compareElements(a, b, path);
  if (Array.isArray(a) && a.length !== (b as unknown[]).length) {
    return `${path || "the values"}: ${a.length} elements are not ${(b as unknown[]).length}`;
  }
  const [keys, others] = [keysOf(a), keysOf(b)];
  const [all, allOthers] = [new Set(keys), new Set(others)];
  const lone = keys.find((key) => !allOthers.has(key)) ?? others.find((key) => !all.has(key));
  if (lone !== undefined) return `${path}.${String(lone)}: in one of the two only`;
  for (const key of keys) {
    const [left, right] = [a, b].map((value) => (value as Record<Key, unknown>)[key]);
    const difference = compare(left, right, `${path}.${String(key)}`, seen);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function keysOf(value: object): Key[] {
  const enumerable = Object.prototype.propertyIsEnumerable;
  return [...Object.keys(value), ...Object.getOwnPropertySymbols(value).filter((key) => enumerable.call(value, key))];
}

function isObject(value: unknown): value is object {
  return typeof value === "function" || typeof value === "object" && value !== null;
}

function isTyped(value: object): value is object & ArrayLike<unknown> {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

function isBoxed(value: object): boolean {
  return [Number, String, Boolean, BigInt, Symbol, Date].some((type) => value instanceof type);
}

function tagOf(value: object): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

/** A value for a message, cut where it is long. */
export function shown(value: unknown, depth: number = 3): string {
  const text = inWords(value, depth);
  return depth === 3 && text.length > 2000 ? `${text.slice(0, 2000)}...` : text;
}

function inWords(value: unknown, depth: number): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (Object.is(value, -0)) return "-0";
  if (typeof value === "function") return `[function ${value.name}]`;
  if (!isObject(value)) return String(value);
  if (value instanceof Error) return `[${value.name}: ${value.message}]`;
  if (value instanceof RegExp || value instanceof Date) return `${value}`;
  if (depth === 0) return "...";
  const inner = (each: unknown): string => inWords(each, depth - 1);
  if (Array.isArray(value)) return `[${Array.from(value, inner).join(", ")}]`;
  if (value instanceof Map) {
    return `Map {${[...value].map(([key, each]) => `${inner(key)}: ${inner(each)}`).join(", ")}}`;
  }
  if (value instanceof Set) return `Set {${[...value].map(inner).join(", ")}}`;
  const properties = keysOf(value).map((key) => `${String(key)}: ${inner((value as Record<Key, unknown>)[key])}`);
  const { constructor } = value as { constructor?: unknown };
  // An object may have a field of that name, with anything in it.
  const name = typeof constructor !== "function" || constructor === Object ? "" : `${constructor.name} `;
  return `${name}{${properties.join(", ")}}`;
}
