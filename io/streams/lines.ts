/**
 * Texts line by line.
 *
 * @module
 */

import { ByteBuffer, checkChunk } from "../../runtime/basics/bytes.ts";
import { checkCount, checkOptions, show } from "../../runtime/basics/check.ts";
import { openBytes } from "../files/files.ts";
import { TooLongError } from "./too_long_error.ts";

/** How lines are to be read. */
export interface ReadLinesOptions {
  /** The most bytes a line may have, its end and a byte order mark not counted. Give it for what comes from others. Default: no limit. */
  maxLength?: number;
  /** Throws a `TypeError` at a line that is no UTF-8. Default: what cannot be decoded becomes U+FFFD, and the lines around are whole. */
  fatal?: boolean;
  /** Ends the reading when aborted, where the source is a file; the iteration then throws the signal's reason itself. */
  signal?: AbortSignal;
}

/**
 * The lines of a file or of a stream of bytes, as UTF-8, without their ends: `\n` or `\r\n`. A `\r` by itself ends no line. What follows
 * the last end is a line if it is not empty. A byte order mark at the start of the source is dropped, and nowhere else. No byte is looked
 * at twice, however the chunks are cut; leaving the loop closes the source.
 *
 * @param source The path of a file, or chunks of bytes: a request's body, a connection, an output.
 * @throws {TypeError} or {RangeError} at the call, for arguments of a wrong kind or range.
 * @throws {TooLongError} (from the iteration) when a line has more than `maxLength` bytes; no more than that is kept of it.
 * @throws {TypeError} (from the iteration) when `fatal` is set and a line is no UTF-8.
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
  checkOptions(options, "readLines", ["maxLength", "fatal", "signal"]);
  const { maxLength = Infinity, fatal = false, signal } = options;
  checkCount(maxLength, "maxLength", 1);
  if (typeof source === "string" || source instanceof URL) {
    return split(openBytes(source, { signal }), maxLength, fatal);
  }
  if (typeof source?.[Symbol.asyncIterator] !== "function") {
    throw new TypeError(`Lines are read from a path or from an async iterable of bytes: received ${show(source)}`);
  }
  return split(source, maxLength, fatal);
}

async function* split(
  source: AsyncIterable<Uint8Array>,
  maxLength: number,
  fatal: boolean,
): AsyncGenerator<string, undefined> {
  /** The beginning of a line whose end has not come. */
  const begun = new ByteBuffer();
  // Each line is decoded by itself, and each decoding would drop a mark.
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true, fatal });
  /** How many bytes of a mark have come; all of them once it is known whether there is one. */
  let marked = 0;
  function take(piece: Uint8Array): string {
    let line = piece;
    if (begun.length > 0) {
      begun.append(piece);
      line = begun.take();
    }
    if (line[line.length - 1] === carriageReturn) line = line.subarray(0, -1);
    if (line.byteLength > maxLength) throw tooLong(line, maxLength);
    return decoder.decode(line);
  }
  for await (const chunk of source) {
    checkChunk(chunk);
    let from = 0;
    while (marked < mark.length && from < chunk.byteLength) {
      if (chunk[from] === mark[marked]) {
        from++;
        marked++;
      } else {
        begun.append(mark.subarray(0, marked));
        marked = mark.length;
      }
    }
    for (let at = chunk.indexOf(newline, from); at >= 0; at = chunk.indexOf(newline, from)) {
      yield take(chunk.subarray(from, at));
      from = at + 1;
    }
    const rest = chunk.subarray(from);
    // One more, a `\r`, may belong to the end.
    const room = maxLength + 1 - begun.length;
    const most = rest.byteLength <= room ? rest.byteLength : room;
    begun.append(rest.subarray(0, most));
    if (rest.byteLength > room) throw tooLong(begun.take(), maxLength);
    // An empty chunk, or one that ends with a line, adds nothing to look at.
    if (begun.length === maxLength + 1 && most > 0 && rest[most - 1] !== carriageReturn) {
      throw tooLong(begun.take(), maxLength);
    }
  }
  if (marked < mark.length) begun.append(mark.subarray(0, marked));
  if (begun.length > 0) yield take(new Uint8Array(0));
}

/** The byte order mark, in UTF-8. */
const mark: Uint8Array = new Uint8Array([0xef, 0xbb, 0xbf]);
const newline = 10;
const carriageReturn = 13;

function tooLong(line: Uint8Array, maxLength: number): TooLongError {
  return new TooLongError("A line", maxLength, undefined, line.slice(0, maxLength));
}
