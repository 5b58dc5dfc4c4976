/**
 * Files and folders.
 *
 * @module
 */

export { openBytes, readBytes, type ReadBytesOptions } from "./files.ts";
export { walk, type WalkEntry, type WalkOptions } from "./walk.ts";
export { watch, type WatchEvent, type WatchOptions } from "./watch.ts";
export { writeFile, type WriteFileOptions } from "./write_file.ts";
