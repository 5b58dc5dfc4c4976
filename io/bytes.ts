/**
 * Pieces of bytes put together.
 *
 * @module
 */

/** The pieces in a new array of the standard's class; `length` is that of all of them. */
export function concatenate(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.byteLength;
  }
  return all;
}
