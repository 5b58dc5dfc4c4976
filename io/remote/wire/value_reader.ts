/**
 * Bytes as values. They come from whoever may publish: nothing in them is called, looked up by name in an object of ours, or loaded,
 * and whatever is wrong with them is a `WireError`.
 *
 * @module
 */

import { decodeError, type EncodedError, type KnownClasses } from "../../../scheduler/workers/pool/for_machines.ts";
import { isDeeper } from "../engine/json_depth.ts";
import { checkEncodedError } from "./encoded_error.ts";
import { deepest, headSize, tags, version } from "./value_writer.ts";
import { WireError } from "./wire_error.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

type ViewClass = new (buffer: ArrayBuffer, offset: number, length: number) => ArrayBufferView;

/** The views there are, and the bytes of an element. */
const views: ReadonlyMap<unknown, readonly [ViewClass, number]> = new Map<string, readonly [ViewClass, number]>([
  ["DataView", [DataView, 1]],
  ...[
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
  ].map((Class) => [Class.name, [Class, Class.BYTES_PER_ELEMENT]] as const),
]);

/** Reads a value; `known` are classes of errors that come back as theirs. */
export function readValue(bytes: Uint8Array, known?: KnownClasses): unknown {
  try {
    if (bytes.length < headSize) throw new WireError(`it has ${bytes.length} bytes`);
    if (bytes[0] !== version) {
      throw new WireError(`it is of version ${bytes[0]}, this program reads ${version}`, bytes[0]);
    }
    const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(1, true);
    if (length > bytes.length - headSize) throw new WireError("it ends too early");
    const text = bytes.subarray(headSize, headSize + length);
    if (isDeeper(text, deepest + 2)) throw new WireError(`it has more than ${deepest} levels`);
    return new ValueReader(bytes.subarray(headSize + length), known).read(JSON.parse(decoder.decode(text)), 0);
  } catch (error) {
    // A stack that is too small for the text is one more way for it to be wrong.
    throw error instanceof WireError ? error : new WireError(error instanceof Error ? error.message : "no reason");
  }
}

class ValueReader {
  readonly #bytes: Uint8Array;
  readonly #known: KnownClasses | undefined;
  readonly #objects: unknown[] = [];

  constructor(bytes: Uint8Array, known: KnownClasses | undefined) {
    this.#bytes = bytes;
    this.#known = known;
  }

  read(json: unknown, depth: number): unknown {
    if (typeof json !== "object" || json === null) return json;
    if (depth > deepest + 1) throw new WireError(`it has more than ${deepest} levels`);
    return Array.isArray(json) ? this.#tagged(json, depth + 1) : this.#fields(json, depth + 1);
  }

  #fields(json: object, depth: number): object {
    const fields: Record<string, unknown> = {};
    this.#objects.push(fields);
    for (const key of Object.keys(json)) {
      const field = (json as Record<string, unknown>)[key];
      put(fields, key, typeof field === "object" ? this.read(field, depth) : field);
    }
    return fields;
  }

  #tagged(json: readonly unknown[], depth: number): unknown {
    const [tag, first] = json;
    switch (tag) {
      case tags.array: {
        const list: unknown[] = [];
        this.#objects.push(list);
        for (let index = 1; index < json.length; index++) {
          const item = json[index];
          if (Array.isArray(item) && item[0] === tags.hole) list.length++;
          else list.push(typeof item === "object" ? this.read(item, depth) : item);
        }
        return list;
      }
      case tags.number:
        if (first !== "NaN" && first !== "Infinity" && first !== "-Infinity" && first !== "-0") break;
        return Number(first);
      case tags.undefined:
        return undefined;
      case tags.bigint:
        // Text of a megabyte takes seconds to become a number.
        if (typeof first !== "string" || !/^-?\d{1,4096}$/.test(first)) break;
        return BigInt(first);
      case tags.date:
        if (first !== null && typeof first !== "number") break;
        return this.#keep(new Date(first ?? NaN));
      case tags.map: {
        const map = this.#keep(new Map());
        for (let index = 1; index + 1 < json.length; index += 2) {
          map.set(this.read(json[index], depth), this.read(json[index + 1], depth));
        }
        return map;
      }
      case tags.set: {
        const set = this.#keep(new Set());
        for (let index = 1; index < json.length; index++) set.add(this.read(json[index], depth));
        return set;
      }
      case tags.buffer:
        return this.#keep(this.#buffer(json));
      case tags.view:
        return this.#view(json, depth);
      case tags.url:
        if (typeof first !== "string") break;
        return this.#keep(new URL(first));
      case tags.error:
        return this.#error(first, depth);
      case tags.again:
        if (typeof first !== "number" || !Number.isInteger(first) || first < 0 || first >= this.#objects.length) break;
        return this.#objects[first];
    }
    throw new WireError("it has a part of an unknown kind");
  }

  #keep<T>(object: T): T {
    this.#objects.push(object);
    return object;
  }

  #buffer([, at, length]: readonly unknown[]): ArrayBuffer {
    if (!isCount(at) || !isCount(length) || at + length > this.#bytes.length) {
      throw new WireError("a buffer is missing");
    }
    return this.#bytes.slice(at, at + length).buffer as ArrayBuffer;
  }

  #view(json: readonly unknown[], depth: number): ArrayBufferView {
    const [, name, holder, offset, length] = json;
    const place = this.#objects.push(undefined) - 1;
    const [Class, width] = views.get(name) ?? [];
    const buffer = this.read(holder, depth);
    if (Class === undefined || width === undefined || !(buffer instanceof ArrayBuffer)) {
      throw new WireError("it has a view of an unknown kind");
    }
    if (!isCount(offset) || !isCount(length) || length % width !== 0) throw new WireError("a view does not fit");
    return this.#objects[place] = new Class(buffer, offset, length / width);
  }

  #error(json: unknown, depth: number): unknown {
    const place = this.#objects.push(undefined) - 1;
    const encoded = this.read(json, depth);
    checkEncodedError(encoded);
    return this.#objects[place] = decodeError(encoded as EncodedError, this.#known);
  }
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0;
}

/** Sets a field; an assignment to `__proto__` would be something else. */
function put(object: object, key: string, value: unknown): void {
  if (key !== "__proto__") (object as Record<string, unknown>)[key] = value;
  else Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
}
