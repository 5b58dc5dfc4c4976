/**
 * Arguments of the host's functions for files, as people give them.
 *
 * @module
 */

import { builtin } from "../../hosts/common/node_process.ts";
import { argumentError } from "../disk/errors.ts";

/** The part of Node's `Buffer` that is used. */
export interface BufferClass {
  from(memory: ArrayBufferLike, offset: number, length: number): NodeBuffer;
  from(text: string, encoding?: string): Uint8Array;
}

export interface NodeBuffer extends Uint8Array {
  toString(encoding?: string): string;
}

function bufferClass(): BufferClass {
  return builtin<{ Buffer: BufferClass }>("node:buffer").Buffer;
}

/** A path as a text; `file:` URLs and bytes are paths too. */
export function pathOf(value: unknown, name: string = "path"): string {
  const path = value instanceof URL
    ? builtin<{ fileURLToPath(url: URL): string }>("node:url").fileURLToPath(value)
    : value instanceof Uint8Array
    ? new TextDecoder().decode(value)
    : value;
  if (typeof path !== "string") throw argumentError(name, value);
  if (!path.includes("\0")) return path;
  const error = new TypeError(`The argument '${name}' must be a string, Uint8Array, or URL without null bytes`);
  throw Object.assign(error, { code: "ERR_INVALID_ARG_VALUE" });
}

/** Bytes as the host's own, or as a text where an encoding is given. */
export function inEncoding(bytes: Uint8Array, encoding: string | undefined): NodeBuffer | string {
  const buffer = bufferClass().from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return encoding === undefined || encoding === "buffer" ? buffer : buffer.toString(encoding);
}

/** What is to be written, as bytes. */
export function bytesOf(data: unknown, encoding: string | undefined): Uint8Array {
  if (typeof data === "string") {
    return encoding === undefined ? new TextEncoder().encode(data) : bufferClass().from(data, encoding);
  }
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  throw argumentError("data", data);
}

/** Options that may be an encoding alone. */
export function optionsOf<O extends object>(options: unknown): O & { readonly encoding: string | undefined } {
  if (typeof options === "string") return { encoding: options } as O & { encoding: string };
  if (typeof options !== "object" || options === null) return { encoding: undefined } as O & { encoding: undefined };
  return { ...options as O, encoding: (options as { encoding?: string | null }).encoding ?? undefined };
}

/** Permissions; a text of them is octal. */
export function modeOf(mode: unknown, otherwise: number): number {
  if (mode === undefined || mode === null) return otherwise;
  const number = typeof mode === "string" ? parseInt(mode, 8) : mode;
  if (typeof number !== "number" || !Number.isInteger(number)) throw argumentError("mode", mode);
  return number;
}

/** A point in time as `utimes` takes it, in ms. */
export function timeOf(time: unknown): number {
  if (typeof time === "object" && time !== null) return Number((time as Date).getTime());
  return Number(time) * 1000;
}

/** A place in a file; `null` for where the last operation ended. */
export function positionOf(position: unknown): number | null {
  if (typeof position === "bigint") return position < 0n ? null : Number(position);
  return typeof position === "number" && position >= 0 ? position : null;
}

/** A length, 0 for a negative one, as Node takes it. */
export function lengthOf(length: unknown): number {
  if (length === undefined || length === null) return 0;
  if (typeof length !== "number" || !Number.isInteger(length)) throw argumentError("len", length);
  return Math.max(0, length);
}

/** A part of some memory. */
export function partOf(memory: unknown, offset: unknown, length: unknown): Uint8Array {
  if (!ArrayBuffer.isView(memory)) throw argumentError("buffer", memory);
  const bytes = new Uint8Array(memory.buffer, memory.byteOffset, memory.byteLength);
  const from = offset === undefined || offset === null ? 0 : Number(offset);
  const count = length === undefined || length === null ? bytes.byteLength - from : Number(length);
  checkRange("offset", from, bytes.byteLength);
  checkRange("length", count, bytes.byteLength - from);
  return bytes.subarray(from, from + count);
}

function checkRange(name: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 0 && value <= most) return;
  const error = new RangeError(
    `The value of "${name}" is out of range. It must be >= 0 && <= ${most}. Received ${value}`,
  );
  throw Object.assign(error, { code: "ERR_OUT_OF_RANGE" });
}
