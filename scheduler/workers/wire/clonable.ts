/**
 * Finding out ahead what could not be sent to another thread, alike on every host, and before anything is moved.
 *
 * @module
 */

import { show } from "../../../runtime/basics/check.ts";
import { isPooledBuffer, isProxy } from "../../../runtime/basics/transferable.ts";
import { deepest, isPart } from "./gaps.ts";
import { Callback, Transfer } from "./markers.ts";

/** Arrays longer than this are looked through by their keys, lest an empty one of a billion places take for ever. */
const longestDense = 1 << 22;

/** Looks through values before they are sent. Deeper ones than any host reads are refused: see {@linkcode deepest}. */
export class Inspection {
  /** The first of the objects found, as long as it is the only one: most values are one buffer or one list, and need no set. */
  #only: object | undefined = undefined;
  #objects: Set<object> | undefined = undefined;
  /** Those among them that have to travel apart. */
  parts: Set<object> | undefined = undefined;
  /** Are there buffers among them? */
  hasBuffers = false;
  #depth = 0;
  readonly #transfer: readonly unknown[];
  /** How many members of the transfer list were found. */
  #moved = 0;

  constructor(transfer: readonly unknown[] = []) {
    this.#transfer = transfer;
  }

  /** The objects found. */
  get objects(): Set<object> | undefined {
    return this.#objects ??= this.#only && new Set([this.#only]);
  }

  /** Adds an object; answers whether it was not there. */
  #add(object: object): boolean {
    const objects = this.#objects;
    if (objects !== undefined) {
      const { size } = objects;
      return objects.add(object).size > size;
    }
    if (this.#only === object) return false;
    if (this.#only === undefined) this.#only = object;
    else this.#objects = new Set([this.#only, object]);
    return true;
  }

  /** Refuses a value that cannot be cloned, naming the part by its path; `transfer` is what will be moved. */
  check(value: unknown, path: string): void {
    if (value === null || (typeof value !== "object" && typeof value !== "function" && typeof value !== "symbol")) {
      return;
    }
    const found = this.#find(value, path);
    if (found !== undefined) throw dataCloneError(`${found} cannot be sent to another thread`);
  }

  #find(value: unknown, path: string): string | undefined {
    if (typeof value === "function" || typeof value === "symbol") return `${path} (${show(value)})`;
    if (typeof value !== "object" || value === null) return undefined;
    if (this.#depth >= deepest) return `${path.slice(0, 100)}... (a value of more than ${deepest} levels)`;
    this.#depth++;
    const found = this.#findInObject(value, path);
    this.#depth--;
    return found;
  }

  #findInObject(value: object, path: string): string | undefined {
    if (!this.#add(value)) return undefined;
    if (isProxy(value)) return `${path} (a Proxy)`;
    const prototype = Object.getPrototypeOf(value);
    if (Array.isArray(value)) return this.#findInArray(value, path);
    if (prototype === Object.prototype || prototype === null) return this.#findInFields(value, path);
    if (ArrayBuffer.isView(value)) {
      this.#add(value.buffer);
      this.hasBuffers = true;
      if (this.#transfer.includes(value.buffer) && isPooledBuffer(value)) {
        return `${path} (a Buffer whose memory others share, so that it can be copied but not moved)`;
      }
      return isDetached(value.buffer) ? `${path} (a detached buffer)` : undefined;
    }
    if (value instanceof ArrayBuffer) {
      this.hasBuffers = true;
      return isDetached(value) ? `${path} (a detached buffer)` : undefined;
    }
    if (value instanceof Map) {
      for (const [key, item] of value) {
        const found = this.#find(key, `${path} (a key)`) ?? this.#find(item, `${path}.get(${show(key)})`);
        if (found !== undefined) return found;
      }
      return undefined;
    }
    if (value instanceof Set) {
      for (const item of value) {
        const found = this.#find(item, `${path} (a member)`);
        if (found !== undefined) return found;
      }
      return undefined;
    }
    if (!this.#transfer.includes(value)) return this.#findInOther(value, path);
    this.#moved++;
    return undefined;
  }

  #findInArray(array: readonly unknown[], path: string): string | undefined {
    if (array.length > longestDense) return this.#findInFields(array, path);
    for (let index = 0; index < array.length; index++) {
      const item = array[index];
      if (item === null || (typeof item !== "object" && typeof item !== "function" && typeof item !== "symbol")) {
        continue;
      }
      const found = this.#find(item, `${path}[${index}]`);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #findInFields(value: object, path: string): string | undefined {
    for (const key of Object.keys(value)) {
      const item = (value as Record<string, unknown>)[key];
      if (item === null || (typeof item !== "object" && typeof item !== "function" && typeof item !== "symbol")) {
        continue;
      }
      const found = this.#find(item, `${path}.${key}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Instances of classes, and what belongs to the host. */
  #findInOther(value: object, path: string): string | undefined {
    if (isPart(value)) {
      (this.parts ??= new Set()).add(value);
      return undefined;
    }
    if (typeof SharedArrayBuffer === "function" && value instanceof SharedArrayBuffer) return undefined;
    if (value instanceof AbortSignal) return `${path} (an AbortSignal below the top level of the arguments)`;
    if (value instanceof Callback) return `${path} (a callback() below the top level of the arguments)`;
    if (value instanceof Transfer) {
      return `${path} (a transfer(): it is for the whole result; for arguments there is the option "transfer")`;
    }
    const moved = this.#moved;
    const found = this.#findInFields(value, path);
    // What is to be moved could not be cloned by itself: the host has the last word on what holds it.
    if (found !== undefined || this.#moved > moved) return found;
    const kind = Object.prototype.toString.call(value);
    try {
      const copy: object = structuredClone(value);
      // What a host knows no copy of, it copies as an object without anything: Headers, for example.
      const isEmptied = Object.prototype.toString.call(copy) !== kind && Object.keys(copy).length === 0;
      return isEmptied ? `${path} (${kind})` : undefined;
    } catch {
      return `${path} (${kind})`;
    }
  }
}

/** The error of a host that could not copy `value`, which passed the inspection, with the part named by its path. */
export function unclonable(value: unknown, path: string, error: unknown): unknown {
  try {
    return nameUnclonable(value, path, error);
  } catch {
    // A getter in the value, or of the error that one has thrown, throws once more.
    return dataCloneError(`${path} cannot be sent to another thread`);
  }
}

function nameUnclonable(value: unknown, path: string, error: unknown): unknown {
  if ((error as Error | undefined)?.name !== "DataCloneError") return error;
  let at = value;
  // Bounded, because the value may hold itself.
  for (let depth = 0; depth < deepestPath; depth++) {
    const inner = typeof at === "object" && at !== null ? uncopiedIn(at) : undefined;
    if (inner === undefined) break;
    [at, path] = [inner[1], path + inner[0]];
  }
  return dataCloneError(`${path} (${Object.prototype.toString.call(at)}) cannot be sent to another thread`);
}

/** How far in the part that could not be copied is looked for. */
const deepestPath = 20;

/** The first field that cannot be copied. */
function uncopiedIn(value: object): [step: string, item: unknown] | undefined {
  for (const [key, item] of Object.entries(value)) {
    try {
      structuredClone(item);
    } catch {
      return [Array.isArray(value) && /^\d+$/.test(key) ? `[${key}]` : `.${key}`, item];
    }
  }
  return undefined;
}

/** A list no longer than this is looked through for what stands in it twice; a set for it takes longer. */
const few = 8;

/**
 * Refuses a transfer list that a host would refuse, or worse: Deno detaches what is listed even when the post fails,
 * and takes the same buffer twice.
 */
export function checkTransfer(list: readonly unknown[]): void {
  const seen = list.length > few ? new Set<unknown>() : undefined;
  for (let index = 0; index < list.length; index++) {
    const item = list[index];
    if (typeof item !== "object" || item === null || ArrayBuffer.isView(item) || isPlain(item)) {
      throw new TypeError(`A transfer list holds ArrayBuffers and ports: received ${show(item)}`);
    }
    if (typeof SharedArrayBuffer === "function" && item instanceof SharedArrayBuffer) {
      throw new TypeError("A SharedArrayBuffer is shared, not moved: leave it out of the transfer list");
    }
    if (seen === undefined ? list.indexOf(item) < index : seen.has(item)) {
      throw dataCloneError("A buffer stands twice in the transfer list");
    }
    seen?.add(item);
    if (item instanceof ArrayBuffer && isDetached(item)) {
      throw dataCloneError("A buffer of the transfer list is detached");
    }
  }
}

/** The error that hosts throw, mostly, for what cannot be cloned. */
export function dataCloneError(message: string): DOMException {
  return new DOMException(message, "DataCloneError");
}

/** The error of a host that could not send something. */
export function asDataCloneError(error: unknown): unknown {
  try {
    const { name, message } = error as Error;
    return name === "DataCloneError" ? error : dataCloneError(`The arguments cannot be sent: ${message}`);
  } catch {
    // What a getter has thrown, which cannot be read either.
    return dataCloneError("The arguments cannot be sent");
  }
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || Array.isArray(value);
}

function isDetached(buffer: ArrayBufferLike): boolean {
  if (!(buffer instanceof ArrayBuffer)) return false;
  const { detached } = buffer as ArrayBuffer & { detached?: boolean };
  if (detached !== undefined) return detached;
  if (buffer.byteLength > 0) return false;
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}
