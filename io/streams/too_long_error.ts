/**
 * The error of what is longer than its limit.
 *
 * @module
 */

/**
 * A line or a frame has more bytes than its `maxLength`. No more than that is kept of it, and the source is closed: what follows it cannot
 * be told apart.
 *
 * @example
 * ```ts
 * import { readLines, TooLongError } from "@millrace/millrace/io";
 *
 * async function* source() {
 *   yield new TextEncoder().encode("a very long line");
 * }
 * try {
 *   for await (const line of readLines(source(), { maxLength: 6 })) console.log(line);
 * } catch (error) {
 *   if (error instanceof TooLongError) console.log(error.message, new TextDecoder().decode(error.bytes));
 * }
 * // -> A line has more than 6 bytes a very
 * ```
 */
export class TooLongError extends RangeError {
  /** "TooLongError". */
  override readonly name = "TooLongError";
  /** The limit that was passed, in bytes. */
  readonly maxLength: number;
  /** The length that a frame announces; `undefined` for a line, whose end nobody has seen. */
  readonly length: number | undefined;
  /** The first bytes of a line, as many as it may have; empty for a frame, of which none is taken. */
  readonly bytes: Uint8Array;

  /** Made by `readLines`, `readFrames` and `encodeFrame`. */
  constructor(what: string, maxLength: number, length: number | undefined, bytes: Uint8Array) {
    super(
      length === undefined
        ? `${what} has more than ${maxLength} bytes`
        : `${what} has ${length} bytes, more than ${maxLength}`,
    );
    this.maxLength = maxLength;
    this.length = length;
    this.bytes = bytes;
  }
}
