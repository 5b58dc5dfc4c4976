/**
 * What is said of bytes that are none of ours.
 *
 * @module
 */

/** Bytes that cannot be read: cut, made by somebody hostile, or of another version. */
export class WireError extends Error {
  override readonly name = "WireError";
  /** The version the bytes say they are of, where that is the trouble: a newer program may understand them. */
  readonly version: number | undefined;

  constructor(why: string, version?: number) {
    super(`A message cannot be read: ${why}`);
    this.version = version;
  }
}
