/**
 * Messages with their length in front, for protocols of bytes.
 *
 * ```
 *   | prefix: the length, 1, 2 or 4 bytes | so many bytes | prefix | ...
 * ```
 *
 * @module
 */

import { ByteBuffer, checkChunk } from "../../runtime/basics/bytes.ts";
import { checkBoolean, checkCount, checkOptions, show } from "../../runtime/basics/check.ts";
import type { Connection } from "../net/connection.ts";
import { TooLongError } from "./too_long_error.ts";

/** How a frame is put into bytes; both sides have to agree. */
export interface FrameOptions {
  /** How many bytes the length has: 1, 2 or 4. Default: 4. */
  prefix?: 1 | 2 | 4;
  /** Does the length begin with its lowest byte? Default: false, as in the protocols of the Internet. */
  littleEndian?: boolean;
  /** The most bytes a frame may have, its prefix not counted. Default: 8 MiB, or what the prefix can express. */
  maxLength?: number;
}

/**
 * The frames of a stream of bytes, without their prefixes, each in memory of its own. Nothing is set aside for a length that is only
 * announced, and no byte is copied more than twice, however the chunks are cut. A frame may be empty. Leaving the loop closes the source.
 *
 * @param source Chunks of bytes: a connection, an output, a file by `openBytes`.
 * @throws {TypeError} or {RangeError} at the call, for arguments of a wrong kind or range.
 * @throws {TooLongError} (from the iteration) when a frame announces more than `maxLength` bytes, before any of them is taken.
 * @throws {IncompleteFrameError} (from the iteration) when the source ends within a frame.
 *
 * @example
 * ```ts
 * import { encodeFrame, readFrames } from "@millrace/millrace/io";
 *
 * async function* source() {
 *   const bytes = encodeFrame("hello", { prefix: 2 });
 *   yield bytes.subarray(0, 3);
 *   yield bytes.subarray(3);
 * }
 * for await (const frame of readFrames(source(), { prefix: 2 })) console.log(new TextDecoder().decode(frame));
 * // -> hello
 * ```
 */
export function readFrames(
  source: AsyncIterable<Uint8Array>,
  options: FrameOptions = {},
): AsyncIterableIterator<Uint8Array<ArrayBuffer>> {
  const format = checkFormat(options);
  if (typeof source?.[Symbol.asyncIterator] !== "function") {
    throw new TypeError(`Frames are read from an async iterable of bytes: received ${show(source)}`);
  }
  return framesOf(source, format);
}

/**
 * A message as a frame: its length, then its bytes; a text is written as UTF-8.
 *
 * @throws {TypeError} or {RangeError} for arguments of a wrong kind or range.
 * @throws {TooLongError} for more than `maxLength` bytes, or more than the prefix can express.
 */
export function encodeFrame(message: Uint8Array | string, options: FrameOptions = {}): Uint8Array<ArrayBuffer> {
  const format = checkFormat(options);
  if (typeof message !== "string" && !(message instanceof Uint8Array)) {
    throw new TypeError(`A frame is made of bytes or a text: received ${show(message)}`);
  }
  const bytes = typeof message === "string" ? new TextEncoder().encode(message) : message;
  const { prefix, littleEndian, maxLength } = format;
  if (bytes.byteLength > maxLength) throw new TooLongError("A frame", maxLength, bytes.byteLength, new Uint8Array(0));
  const frame = new Uint8Array(prefix + bytes.byteLength);
  const view = new DataView(frame.buffer);
  if (prefix === 1) view.setUint8(0, bytes.byteLength);
  else if (prefix === 2) view.setUint16(0, bytes.byteLength, littleEndian);
  else view.setUint32(0, bytes.byteLength, littleEndian);
  frame.set(bytes, prefix);
  return frame;
}

/**
 * Writes a message as a frame, in one piece, so that frames of several tasks never mix. A checkpoint, as `connection.write` is.
 *
 * @throws {TypeError}, {RangeError} or {TooLongError} at the call, as {@linkcode encodeFrame}.
 * @throws {Error} (rejection) when the connection is over.
 *
 * @example
 * ```ts
 * import { connect, listen, readFrames, writeFrame } from "@millrace/millrace/io";
 *
 * const listener = await listen();
 * const connection = await connect({ port: listener.port });
 * await writeFrame(connection, "one");
 * await writeFrame(connection, "two");
 * connection.end();
 * for await (const frame of readFrames((await listener.accept())!, { maxLength: 1000 })) {
 *   console.log(new TextDecoder().decode(frame));
 * }
 * connection.close();
 * await listener.close();
 * // -> one
 * // -> two
 * ```
 */
export function writeFrame(
  connection: Pick<Connection, "write">,
  message: Uint8Array | string,
  options: FrameOptions = {},
): Promise<void> {
  return connection.write(encodeFrame(message, options));
}

/** A source of frames has ended within one. */
export class IncompleteFrameError extends Error {
  /** "IncompleteFrameError". */
  override readonly name = "IncompleteFrameError";
  /** What came of the frame, or of its prefix. */
  readonly bytes: Uint8Array;
  /** How many bytes the frame announced; `undefined` when the source ended within the prefix. */
  readonly length: number | undefined;

  /** Made by `readFrames`. */
  constructor(bytes: Uint8Array, length: number | undefined) {
    super(
      length === undefined
        ? `The source ended within the length of a frame`
        : `The source ended after ${bytes.byteLength} of the ${length} bytes of a frame`,
    );
    this.bytes = bytes;
    this.length = length;
  }
}

type Format = Required<FrameOptions>;

async function* framesOf(
  source: AsyncIterable<Uint8Array>,
  { prefix, littleEndian, maxLength }: Format,
): AsyncGenerator<Uint8Array<ArrayBuffer>, undefined> {
  const begun = new ByteBuffer();
  /** That of the frame that has begun; `undefined` while its prefix is not whole. */
  let length: number | undefined;
  for await (const chunk of source) {
    checkChunk(chunk);
    let from = 0;
    for (;;) {
      const wanted: number = length ?? prefix;
      const piece = chunk.subarray(from, from + wanted - begun.length);
      begun.append(piece);
      from += piece.byteLength;
      if (begun.length < wanted) break;
      const bytes = begun.take();
      if (length === undefined) {
        length = lengthIn(bytes, littleEndian);
        if (length > maxLength) throw new TooLongError("A frame", maxLength, length, new Uint8Array(0));
      } else {
        length = undefined;
        yield bytes;
      }
    }
  }
  if (length !== undefined || begun.length > 0) throw new IncompleteFrameError(begun.take(), length);
}

function lengthIn(bytes: Uint8Array, littleEndian: boolean): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength === 1) return view.getUint8(0);
  return bytes.byteLength === 2 ? view.getUint16(0, littleEndian) : view.getUint32(0, littleEndian);
}

function checkFormat(options: FrameOptions): Format {
  checkOptions(options, "frames", ["prefix", "littleEndian", "maxLength"]);
  const { prefix = 4, littleEndian = false, maxLength = 8 * 1024 * 1024 } = options;
  if (typeof prefix !== "number") throw new TypeError(`A prefix is a number of bytes: received ${show(prefix)}`);
  if (prefix !== 1 && prefix !== 2 && prefix !== 4) {
    throw new RangeError(`A prefix has 1, 2 or 4 bytes: received ${show(prefix)}`);
  }
  checkBoolean(littleEndian, "littleEndian");
  checkCount(maxLength, "maxLength", 0);
  return { prefix, littleEndian, maxLength: Math.min(maxLength, 2 ** (8 * prefix) - 1) };
}
