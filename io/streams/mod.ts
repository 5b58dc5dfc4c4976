/**
 * Lines and frames of a stream of bytes.
 *
 * @module
 */

export { encodeFrame, type FrameOptions, IncompleteFrameError, readFrames, writeFrame } from "./frames.ts";
export { readLines, type ReadLinesOptions } from "./lines.ts";
export { TooLongError } from "./too_long_error.ts";
