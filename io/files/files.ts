/**
 * Files: their bytes, and walks through folders.
 *
 * @module
 */

import { concatenate } from "../../runtime/basics/bytes.ts";
import { checkCount, checkOptions, show } from "../../runtime/basics/check.ts";
import { checkSignal } from "../../scheduler/scopes/foreign_signal.ts";
import { abortable } from "../waits/abortable.ts";
import { type OpenFile, openFile } from "./open_file.ts";
import { checkPath } from "./path.ts";

/** How a file is to be read. */
export interface ReadBytesOptions {
  /** Ends the reading when aborted; the promise then rejects with the signal's reason itself. */
  signal?: AbortSignal;
  /** The most bytes the file may have. Default: no limit, or the length of `into`. */
  maxBytes?: number;
  /**
   * Memory to read into; the result is the part of it that was filled. Whoever reads thousands of files spares the
   * garbage collector as many buffers. After a rejection it may be written to until the system's read has ended, so that it is
   * not to be used again. Default: memory of its own.
   */
  into?: Uint8Array<ArrayBuffer>;
}

/**
 * Reads a file whole. Cancelled by its scope or signal it rejects at once, and what was open is closed.
 *
 * @throws {TypeError} at the call, for arguments of a wrong kind.
 * @throws {RangeError} (rejection) when the file has more than `maxBytes`, or more than there is room for in `into`.
 * @throws {Error} (rejection) with the system's code, such as "ENOENT".
 *
 * @example
 * ```ts
 * import { readBytes } from "@millrace/millrace/io";
 *
 * const bytes = await readBytes("LICENSE");
 * console.log(bytes.byteLength > 0);
 * ```
 */
export function readBytes(path: string | URL, options: ReadBytesOptions = {}): Promise<Uint8Array> {
  checkPath(path);
  checkOptions(options, "readBytes", ["signal", "maxBytes", "into"]);
  const { signal, maxBytes = Infinity, into } = options;
  checkSignal(signal);
  checkCount(maxBytes, "maxBytes", 0);
  if (into !== undefined && !(into instanceof Uint8Array)) {
    throw new TypeError(`The memory to read into is a Uint8Array: received ${show(into)}`);
  }
  return abortable(signal, `reading ${String(path)}`, async (aborted) => {
    const file = await openFile(path, aborted);
    try {
      if (into !== undefined) return await readInto(file, path, into.subarray(0, maxBytes), aborted);
      if (maxBytes !== Infinity) return await readAtMost(file, path, maxBytes, aborted);
      return plain(await file.readAll(aborted));
    } finally {
      await file.close();
    }
  });
}

/** Not by the size the system tells: that of a pipe, or of a file below /proc, is 0. */
async function readAtMost(
  file: OpenFile,
  path: string | URL,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for (let length = 0;;) {
    signal.throwIfAborted();
    const chunk = new Uint8Array(Math.min(chunkBytes, maxBytes + 1 - length));
    const bytesRead = await file.read(chunk, signal);
    if (bytesRead === 0) return chunks.length === 1 ? chunks[0]! : concatenate(chunks, length);
    chunks.push(chunk.subarray(0, bytesRead));
    length += bytesRead;
    if (length > maxBytes) throw new RangeError(`${String(path)} has more than ${maxBytes} bytes`);
  }
}

async function readInto(
  file: OpenFile,
  path: string | URL,
  into: Uint8Array,
  signal: AbortSignal,
): Promise<Uint8Array> {
  let filled = 0;
  while (!signal.aborted) {
    const full = filled === into.length;
    const bytesRead = await file.read(full ? new Uint8Array(1) : into.subarray(filled), signal);
    if (bytesRead === 0) break;
    if (full) throw new RangeError(`${String(path)} has more than ${into.length} bytes`);
    filled += bytesRead;
  }
  return into.subarray(0, filled);
}

/** How much is read at once where the length is bounded. */
const chunkBytes = 64 * 1024;

/** A host's `Buffer` as the standard's class: the two differ in what `slice` does. */
function plain(bytes: Uint8Array): Uint8Array {
  return bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * The bytes of a file, chunk by chunk, as they are asked for. Each chunk is a checkpoint; leaving the loop closes the file.
 *
 * @throws {TypeError} at the call, for arguments of a wrong kind.
 * @throws {Error} (from the iteration) with the system's code, such as "ENOENT".
 *
 * @example
 * ```ts
 * import { openBytes } from "@millrace/millrace/io";
 *
 * let bytes = 0;
 * for await (const chunk of openBytes("LICENSE")) bytes += chunk.byteLength;
 * console.log(bytes > 500);
 * // -> true
 * ```
 */
export function openBytes(
  path: string | URL,
  options: {
    /** Ends the reading when aborted; the iteration then throws the signal's reason itself. */
    signal?: AbortSignal | undefined;
  } = {},
): AsyncIterableIterator<Uint8Array> {
  checkPath(path);
  checkOptions(options, "openBytes", ["signal"]);
  checkSignal(options.signal);
  return chunksOf(path, options.signal);
}

async function* chunksOf(path: string | URL, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array, undefined> {
  const what = `reading ${String(path)}`;
  let file: OpenFile | undefined;
  /** One operation at a time, so that the file is never closed under a read that goes on after its cancellation. */
  let last: Promise<unknown> = Promise.resolve();
  try {
    await abortable(signal, what, (aborted) => last = openFile(path, aborted).then((it) => file = it));
    for (;;) {
      const chunk = new Uint8Array(chunkBytes);
      const bytesRead = await abortable(signal, what, (aborted) => {
        const reading = file!.read(chunk, aborted);
        last = reading;
        return reading;
      });
      if (bytesRead === 0) return;
      yield chunk.subarray(0, bytesRead);
    }
  } finally {
    await last.catch(() => {});
    await file?.close();
  }
}
