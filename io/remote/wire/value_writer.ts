/**
 * Values as bytes.
 *
 * ```
 *   version, 1 byte │ length of the text, 4 bytes, little-endian │ JSON, in UTF-8 │ the bytes of buffers, one after the other
 * ```
 *
 * In the text strings, `null`, `true`, `false` and finite numbers are themselves, and an object is an object with its own keys. All else is
 * an array whose first place says what it is: see {@linkcode tags}. Objects are numbered in the order in which they begin; one that
 * comes again is its number, so that cycles and what is shared stay so.
 *
 * @module
 */

import { show } from "../../../runtime/basics/check.ts";
import {
  Callback,
  dataCloneError,
  encodeError,
  isError,
  Transfer,
} from "../../../scheduler/workers/pool/for_machines.ts";

/** The version that this writes, and reads. */
export const version = 1;

/** Where the text begins. */
export const headSize = 5;

/** How many levels a value may have: what threads take, too. */
export const deepest = 500;

/** What stands in the first place of an array. */
export const tags = {
  array: "a",
  /** What is no number of JSON's: the number follows as a text. */
  number: "n",
  undefined: "u",
  bigint: "i",
  date: "d",
  map: "m",
  set: "s",
  buffer: "b",
  /** The name of its class, the buffer as an object, the byte offset, the length. */
  view: "v",
  url: "l",
  error: "e",
  /** An object that came before: its number. */
  again: "@",
  /** A place of an array that has nothing in it. */
  hole: "h",
} as const;

/** Views that every host knows. */
export const viewNames: ReadonlySet<string> = new Set([
  ...[
    "DataView",
    "Int8Array",
    "Uint8Array",
    "Uint8ClampedArray",
    "Int16Array",
    "Uint16Array",
    "Int32Array",
    "Uint32Array",
  ],
  ...["Float32Array", "Float64Array", "BigInt64Array", "BigUint64Array"],
]);

const encoder = new TextEncoder();

/** What stands before the text, until its length is known. */
const head = String.fromCharCode(version).padEnd(headSize, "\0");

/** Writes a value; `path` names it in what is thrown for one that cannot be sent. */
export function writeValue(value: unknown, path: string): Uint8Array {
  const writer = new ValueWriter();
  // Head and text at once: most messages are so short that each further array of bytes would be dearer than its contents.
  const bytes = encoder.encode(head + writer.write(value, path, 0));
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(1, bytes.length - headSize, true);
  const { buffers } = writer;
  if (buffers.length === 0) return bytes;
  const all = new Uint8Array(buffers.reduce((sum, { length }) => sum + length, bytes.length));
  all.set(bytes);
  let at = bytes.length;
  for (const buffer of buffers) {
    all.set(buffer, at);
    at += buffer.length;
  }
  return all;
}

/** Writes one value. */
class ValueWriter {
  readonly buffers: Uint8Array[] = [];
  readonly #numbers: Map<object, number> = new Map();
  #bytes = 0;

  write(value: unknown, path: string, depth: number): string {
    const text = textOf(value);
    if (text !== undefined) return text;
    if (typeof value === "object") return this.#object(value!, path, depth);
    throw refusal(value, path);
  }

  #object(value: object, path: string, depth: number): string {
    const known = this.#numbers.get(value);
    if (known !== undefined) return tagged(tags.again, String(known));
    if (depth >= deepest) throw dataCloneError(`${path} has more than ${deepest} levels`);
    if (value instanceof Callback) throw new TypeError(`${path} is a callback(), which only a thread can call`);
    if (value instanceof Transfer) throw new TypeError(`${path} is a transfer(): nothing moves to another machine`);
    this.#numbers.set(value, this.#numbers.size);
    const below = depth + 1;
    if (Array.isArray(value)) return this.#array(value, path, below);
    if (ArrayBuffer.isView(value)) return this.#view(value, path, below);
    if (value instanceof Map) {
      const entries = [...value].flatMap(([key, item], index) => [
        this.write(key, `the key ${index} of ${path}`, below),
        this.write(item, `the value ${index} of ${path}`, below),
      ]);
      return tagged(tags.map, ...entries);
    }
    if (value instanceof Set) {
      return tagged(tags.set, ...[...value].map((item, index) => this.write(item, `${path}[${index}]`, below)));
    }
    if (value instanceof Date) {
      return tagged(tags.date, Number.isNaN(value.getTime()) ? "null" : String(value.getTime()));
    }
    if (value instanceof URL) return tagged(tags.url, JSON.stringify(value.href));
    if (value instanceof ArrayBuffer) return this.#buffer(new Uint8Array(value));
    if (isError(value)) return tagged(tags.error, this.#error(value, below));
    return this.#fields(value, path, below);
  }

  #array(list: readonly unknown[], path: string, depth: number): string {
    const items: string[] = [];
    for (let index = 0; index < list.length; index++) {
      // What is an empty place is none for a reader that counts keys.
      // The name of a place is made for what may be refused there, and nothing else.
      if (index in list) items.push(textOf(list[index]) ?? this.write(list[index], `${path}[${index}]`, depth));
      else items.push(tagged(tags.hole));
    }
    return tagged(tags.array, ...items);
  }

  #view(view: ArrayBufferView, path: string, depth: number): string {
    const { buffer, byteOffset, byteLength } = view;
    if (!(buffer instanceof ArrayBuffer)) {
      throw new TypeError(`${path} is on shared memory, which only threads have in common`);
    }
    const name = Object.prototype.toString.call(view).slice(8, -1);
    if (!viewNames.has(name)) throw refusal(view, path);
    // A view of a part takes that part along, and not what lies around it, such as the pool that a Buffer is cut from.
    if (byteLength < buffer.byteLength && !this.#numbers.has(buffer)) {
      this.#numbers.set(Object.create(null), this.#numbers.size);
      const part = new Uint8Array(buffer, byteOffset, byteLength);
      return tagged(tags.view, `"${name}"`, this.#buffer(part), "0", String(byteLength));
    }
    const whole = this.#object(buffer, path, depth);
    return tagged(tags.view, `"${name}"`, whole, String(byteOffset), String(byteLength));
  }

  #buffer(bytes: Uint8Array): string {
    const at = this.#bytes;
    this.#bytes += bytes.length;
    this.buffers.push(bytes);
    return tagged(tags.buffer, String(at), String(bytes.length));
  }

  #error(error: Error, depth: number): string {
    const encoded = encodeError(error);
    const numbers = this.#numbers.size;
    const buffers = this.buffers.length;
    const bytes = this.#bytes;
    try {
      return this.write(encoded, "an error", depth);
    } catch {
      // A part of it that threads can send and machines cannot, or too deep: what is left is the error.
      this.buffers.length = buffers;
      this.#bytes = bytes;
      for (const object of [...this.#numbers.keys()].slice(numbers)) this.#numbers.delete(object);
      return this.write({ ...encoded, extras: [], cause: undefined, errors: undefined }, "an error", depth);
    }
  }

  #fields(value: object, path: string, depth: number): string {
    // As structured clone does: of an instance what it has itself; kinds of their own, such as promises, not at all.
    const kind = Object.prototype.toString.call(value);
    if (kind !== "[object Object]" && !isPlainWithTag(value)) throw refusal(value, path);
    if (refused.some((Class) => value instanceof Class)) throw refusal(value, path);
    let fields = "";
    for (const key of Object.keys(value)) {
      const field = (value as Record<string, unknown>)[key];
      const text = textOf(field) ?? this.write(field, `${path}.${key}`, depth);
      fields += `${fields === "" ? "" : ","}${JSON.stringify(key)}:${text}`;
    }
    return `{${fields}}`;
  }
}

/** The text of what is no object; `undefined` for what is one, or cannot be sent. */
function textOf(value: unknown): string | undefined {
  switch (typeof value) {
    case "string":
    case "boolean":
      return JSON.stringify(value);
    case "number":
      if (Number.isFinite(value) && !Object.is(value, -0)) return String(value);
      return tagged(tags.number, JSON.stringify(Object.is(value, -0) ? "-0" : String(value)));
    case "undefined":
      return tagged(tags.undefined);
    case "bigint":
      return tagged(tags.bigint, `"${value}"`);
    default:
      return value === null ? "null" : undefined;
  }
}

/** What looks like a plain object to whoever takes its tag away, and is none. */
const refused = [WeakMap, WeakSet, WeakRef, Promise, RegExp, AbortSignal, Blob, MessagePort];

/** Has somebody given a plain object a tag? */
function isPlainWithTag(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function tagged(tag: string, ...rest: string[]): string {
  return rest.length === 0 ? `["${tag}"]` : `["${tag}",${rest.join(",")}]`;
}

function refusal(value: unknown, path: string): Error {
  const isShared = typeof SharedArrayBuffer === "function" && value instanceof SharedArrayBuffer;
  if (isShared) return new TypeError(`${path} is shared memory, which only threads have in common`);
  return dataCloneError(`${path} cannot be sent to another machine: ${show(value)}`);
}
