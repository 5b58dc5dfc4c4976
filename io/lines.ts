/**
 * Texts line by line.
 *
 * @module
 */

import { checkCount, checkOptions, show } from "../scheduler/check.ts";
import { concatenate } from "./bytes.ts";
import { openBytes } from "./files.ts";

/** How lines are to be read. */
export interface ReadLinesOptions {
  /** The most bytes a line may have. Give it for what comes from others. Default: no limit. */
  maxLength?: number;
  /** Ends the reading when aborted, where the source is a file; the iteration then throws the signal's reason itself. */
  signal?: AbortSignal;
}

/**
 * The lines of a file or of a stream of bytes, as UTF-8, without their ends: `\n` or `\r\n`. What follows the last end is a line if it
 * is not empty. No byte is looked at twice, however the chunks are cut; leaving the loop closes the source.
 *
 * @param source The path of a file, or chunks of bytes: a request's body, a connection, an output.
 * @throws {TypeError} or {RangeError} at the call, for arguments of a wrong kind or range.
 * @throws {RangeError} (from the iteration) when a line has more than `maxLength` bytes; no more than that is kept of it.
 *
 * @example
 * ```ts
 * import { readLines } from "@millrace/millrace/io";
 *
 * let lines = 0;
 * for await (const line of readLines("LICENSE")) if (line !== "") lines++;
 * console.log(lines > 5);
 * // -> true
 * ```
 */
export function readLines(
  source: string | URL | AsyncIterable<Uint8Array>,
  options: ReadLinesOptions = {},
): AsyncIterableIterator<string> {
  checkOptions(options);
  const { maxLength = Infinity, signal } = options;
  checkCount(maxLength, "maxLength", 1);
  if (typeof source === "string" || source instanceof URL) return split(openBytes(source, { signal }), maxLength);
  if (typeof source?.[Symbol.asyncIterator] !== "function") {
    throw new TypeError(`Lines are read from a path or from an async iterable of bytes: received ${show(source)}`);
  }
  return split(source, maxLength);
}

async function* split(source: AsyncIterable<Uint8Array>, maxLength: number): AsyncGenerator<string, undefined> {
  /** Pieces of a line whose end has not come. */
  let begun: Uint8Array[] = [];
  let length = 0;
  const decoder = new TextDecoder();
  function take(piece: Uint8Array): string {
    let line: string;
    if (length === 0) line = decoder.decode(piece);
    else {
      begun.push(piece);
      line = decoder.decode(concatenate(begun, length + piece.byteLength));
      begun = [];
      length = 0;
    }
    return line.endsWith("\r") ? line.slice(0, -1) : line;
  }
  for await (const chunk of source) {
    let from = 0;
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, from)) {
      checkLength(length + at - from, maxLength);
      yield take(chunk.subarray(from, at));
      from = at + 1;
    }
    if (from === chunk.byteLength) continue;
    checkLength(length + chunk.byteLength - from, maxLength);
    // The source may use its memory again.
    begun.push(chunk.slice(from));
    length += chunk.byteLength - from;
  }
  if (length > 0) yield take(new Uint8Array(0));
}

const newline = 10;

function checkLength(length: number, maxLength: number): void {
  if (length > maxLength) throw new RangeError(`A line has more than ${maxLength} bytes`);
}
