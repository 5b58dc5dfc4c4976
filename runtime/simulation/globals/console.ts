/**
 * What a body prints, as text.
 *
 * It is the same on all hosts, which print values in ways of their own. No code of the program is called for it, so that whether
 * somebody sees a run or not changes nothing in it.
 *
 * @module
 */

import type { Member } from "./clock.ts";

/** The methods of `console` that print what they are given. */
const consoleMethods: readonly string[] = [
  "log",
  "info",
  "warn",
  "error",
  "debug",
  "trace",
  "dir",
  "table",
  "group",
  "groupCollapsed",
];

/** Methods of `console` that hold back what is printed: `told` is told of it, and answers whether it is printed all the same. */
export function membersOfConsole(told: (method: string, text: string) => boolean): Member[] {
  const { console } = globalThis as unknown as { console: Record<string, (...args: unknown[]) => void> };
  return consoleMethods.filter((name) => typeof console[name] === "function").map((name) => {
    const before = console[name]!;
    const value = (...args: unknown[]): void => {
      if (told(`console.${name}`, textOf(args))) before.apply(console, args);
    };
    return { target: console, name, value };
  });
}

const longestText = 1000;
const mostMembers = 20;
const deepest = 3;

const directive = /%[sdifjoOc%]/g;

/** What was given to a method of `console`, on one line. */
export function textOf(args: readonly unknown[]): string {
  const [format, ...rest] = args;
  let used = 0;
  const first = typeof format !== "string" ? undefined : format.replace(directive, (sign) => {
    if (sign === "%%") return rest.length > 0 ? "%" : sign;
    if (used >= rest.length) return sign;
    const value = rest[used++];
    if (sign === "%c") return "";
    if (sign === "%d" || sign === "%i" || sign === "%f") return numberOf(sign, value);
    return sign === "%s" ? topOf(value) : textOfValue(value);
  });
  const others = first === undefined ? args : rest.slice(used);
  const text = [...first === undefined ? [] : [first], ...others.map(topOf)].join(" ");
  return text.length <= longestText ? text : `${text.slice(0, longestText - 1)}…`;
}

function numberOf(sign: string, value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "number" && typeof value !== "string") return "NaN";
  const number = Number(value);
  return String(sign === "%i" ? Math.trunc(number) : number);
}

function topOf(value: unknown): string {
  return typeof value === "string" ? value : textOfValue(value);
}

/** A value, without a call of anything of its own. */
function textOfValue(value: unknown, depth: number = 0, above: readonly object[] = []): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "bigint":
      return `${value}n`;
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "function":
      return `[function ${valueOf(value, "name") || "(anonymous)"}]`;
    case "object":
      break;
    default:
      return String(value);
  }
  if (value === null) return "null";
  if (above.includes(value)) return "[circular]";
  try {
    return textOfObject(value, depth, [...above, value]);
  } catch {
    // A revoked proxy, or one whose traps throw.
    return "[object]";
  }
}

function textOfObject(value: object, depth: number, above: readonly object[]): string {
  const inner = (member: unknown): string => textOfValue(member, depth + 1, above);
  const type = typeOf(value);
  if (value instanceof Error) {
    const name = valueOf(value, "name") ?? valueOf(Object.getPrototypeOf(value) as object, "name") ?? type;
    return `${name}: ${valueOf(value, "message") ?? ""}`;
  }
  if (value instanceof Date) return Number.isNaN(getTime.call(value)) ? "Invalid Date" : toISOString.call(value);
  if (value instanceof RegExp) return regExpText.call(value);
  if (depth >= deepest) return `[${Array.isArray(value) ? "Array" : type}]`;
  if (Array.isArray(value)) return `[${listed(value.length, indexed(value), inner)}]`;
  if (value instanceof Map) {
    const pair = ([key, member]: [unknown, unknown]): string => `${inner(key)} => ${inner(member)}`;
    const size = sizeOfMap.call(value) as number;
    return braced(`Map(${size})`, listed(size, entries.call(value), pair));
  }
  if (value instanceof Set) {
    const size = sizeOfSet.call(value) as number;
    return braced(`Set(${size})`, listed(size, values.call(value), inner));
  }
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    const { length } = value as unknown as ArrayLike<unknown>;
    return `${type}(${length}) [${listed(length, indexed(value as unknown as ArrayLike<unknown>), inner)}]`;
  }
  const keys = Object.keys(value);
  const member = (key: string): string => {
    const descriptor = Object.getOwnPropertyDescriptor(value, key)!;
    const shown = /^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key);
    return `${shown}: ${"value" in descriptor ? inner(descriptor.value) : "[getter]"}`;
  };
  return braced(type === "Object" ? "" : type, listed(keys.length, keys, member));
}

// A class of the program may have put its own over these.
const { getTime, toISOString } = Date.prototype;
const { toString: regExpText } = RegExp.prototype;
const { entries } = Map.prototype;
const { values } = Set.prototype;
const sizeOfMap = Object.getOwnPropertyDescriptor(Map.prototype, "size")!.get!;
const sizeOfSet = Object.getOwnPropertyDescriptor(Set.prototype, "size")!.get!;

function* indexed(list: ArrayLike<unknown>): Generator<unknown> {
  for (let at = 0; at < list.length; at++) yield list[at];
}

function braced(before: string, inside: string): string {
  return [...before === "" ? [] : [before], inside === "" ? "{}" : `{ ${inside} }`].join(" ");
}

/** The first members of `count`, as text. */
function listed<T>(count: number, members: Iterable<T>, text: (member: T) => string): string {
  const shown: string[] = [];
  for (const member of members) {
    if (shown.length === mostMembers) {
      shown.push(`and ${count - mostMembers} more`);
      break;
    }
    shown.push(text(member));
  }
  return shown.join(", ");
}

function typeOf(value: object): string {
  const prototype = Object.getPrototypeOf(value) as object | null;
  const made: unknown = prototype === null ? undefined : valueOf(prototype, "constructor");
  return String(typeof made === "function" && valueOf(made, "name") || "Object");
}

/** The value of a property of its own; none for a getter. */
function valueOf(target: object, name: string): unknown {
  return Object.getOwnPropertyDescriptor(target, name)?.value;
}
