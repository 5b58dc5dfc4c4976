/**
 * Loops in slices that never block the loop.
 *
 * @module
 */

export { type ChunkedSource, forEachChunked, mapChunked, reduceChunked, runChunked } from "./chunked.ts";
export type { ChunkedOptions, ChunkedProgress, MapChunkedOptions, SlowItem } from "./options.ts";
