/**
 * Pieces of bytes put together.
 *
 * @module
 */

import { show } from "./check.ts";

/** Refuses what a source gives that is no chunk of bytes, such as the texts of a stream with an encoding. */
export function checkChunk(chunk: unknown): void {
  if (!(chunk instanceof Uint8Array)) {
    throw new TypeError(`A source of bytes gives Uint8Arrays: received ${show(chunk)}`);
  }
}

/** The pieces in a new array of the standard's class; `length` is that of all of them. */
export function concatenate(
  chunks: readonly Uint8Array[],
  length: number = chunks.reduce((sum, chunk) => sum + chunk.length, 0),
): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.byteLength;
  }
  return all;
}

/**
 * Bytes that come piece by piece, in memory that doubles: whoever sends single bytes makes us keep bytes, not arrays of one, and each is
 * copied twice at most.
 */
export class ByteBuffer {
  #memory: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Adds a copy: the source may use its memory again. */
  append(piece: Uint8Array): void {
    const length = this.#length + piece.byteLength;
    if (length > this.#memory.byteLength) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#memory.byteLength));
      larger.set(this.#memory.subarray(0, this.#length));
      this.#memory = larger;
    }
    this.#memory.set(piece, this.#length);
    this.#length = length;
  }

  /** All that came, which is the caller's from here on; the buffer is empty then. */
  take(): Uint8Array<ArrayBuffer> {
    const bytes = this.#memory.subarray(0, this.#length);
    this.#memory = new Uint8Array(0);
    this.#length = 0;
    return bytes;
  }
}

/** So many bytes that nobody can guess, as hexadecimal digits; never zeros alone, which mean no id in a trace. */
export function randomHex(length: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(length));
  bytes[0] ||= 1;
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
