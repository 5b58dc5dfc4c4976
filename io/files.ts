/**
 * Files: their bytes, and walks through folders.
 *
 * @module
 */

import { checkCount, checkFunction, checkOptions, show } from "../scheduler/check.ts";
import { checkSignal } from "../scheduler/join_signal.ts";
import { throwIfCancelled } from "../scheduler/sleep.ts";
import { joinPath, type NodeFiles, nodeFiles, pathOfUrl } from "../runtime/files.ts";
import { abortable } from "./abortable.ts";

/** How a file is to be read. */
export interface ReadBytesOptions {
  /** Ends the reading when aborted; the promise then rejects with the signal's reason itself. */
  signal?: AbortSignal;
  /** The most bytes the file may have. Default: no limit, or the length of `into`. */
  maxBytes?: number;
  /**
   * Memory to read into; the result is the part of it that was filled. Whoever reads thousands of files spares the
   * garbage collector as many buffers. After a rejection it may be written to until the system's read has ended, so that it is
   * not to be used again.
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
  checkOptions(options);
  const { signal, maxBytes = Infinity, into } = options;
  checkSignal(signal);
  checkCount(maxBytes, "maxBytes", 0);
  if (into !== undefined && !(into instanceof Uint8Array)) {
    throw new TypeError(`The memory to read into is a Uint8Array: received ${show(into)}`);
  }
  return abortable(signal, `reading ${String(path)}`, async (aborted) => {
    const files = await nodeFiles();
    if (into !== undefined) return await readInto(files, path, into.subarray(0, maxBytes), aborted);
    if (maxBytes !== Infinity) return await readAtMost(files, path, maxBytes, aborted);
    return plain(await files.readFile(path, { signal: aborted }));
  });
}

/** Not by the size the system tells: that of a pipe, or of a file below /proc, is 0. */
async function readAtMost(
  files: NodeFiles,
  path: string | URL,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const file = await files.open(path);
  try {
    const chunks: Uint8Array[] = [];
    for (let length = 0;;) {
      signal.throwIfAborted();
      const chunk = new Uint8Array(Math.min(chunkBytes, maxBytes + 1 - length));
      const { bytesRead } = await file.read(chunk, 0, chunk.length, null);
      if (bytesRead === 0) return concatenate(chunks, length);
      chunks.push(chunk.subarray(0, bytesRead));
      length += bytesRead;
      if (length > maxBytes) throw new RangeError(`${String(path)} has more than ${maxBytes} bytes`);
    }
  } finally {
    await file.close();
  }
}

async function readInto(
  files: NodeFiles,
  path: string | URL,
  into: Uint8Array,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const file = await files.open(path);
  try {
    let filled = 0;
    while (!signal.aborted) {
      const full = filled === into.length;
      const { bytesRead } = full
        ? await file.read(new Uint8Array(1), 0, 1, null)
        : await file.read(into, filled, into.length - filled, null);
      if (bytesRead === 0) break;
      if (full) throw new RangeError(`${String(path)} has more than ${into.length} bytes`);
      filled += bytesRead;
    }
    return into.subarray(0, filled);
  } finally {
    await file.close();
  }
}

/** How much is read at once where the length is bounded. */
const chunkBytes = 64 * 1024;

function concatenate(chunks: readonly Uint8Array[], length: number): Uint8Array {
  if (chunks.length === 1) return chunks[0]!;
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.byteLength;
  }
  return all;
}

/** A host's `Buffer` as the standard's class: the two differ in what `slice` does. */
function plain(bytes: Uint8Array): Uint8Array {
  return bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** What a walk finds. */
export interface WalkEntry {
  /** The path, beginning with the folder that was walked. */
  readonly path: string;
  /** The last part of the path. */
  readonly name: string;
  /** What it is; links are not followed. */
  readonly kind: "file" | "directory" | "link" | "other";
}

/** How a walk is to go. */
export interface WalkOptions {
  /** Ends the walk when aborted; the iteration then throws the signal's reason itself. */
  signal?: AbortSignal;
  /** Folders for which this is true are given but not entered. */
  skip?: (entry: WalkEntry) => boolean;
  /** Is told of folders that cannot be read; the walk goes on. Default: they are passed over. */
  onError?: (error: unknown, path: string) => void;
}

/**
 * Gives everything below a folder, each folder before what is in it. Links are given, not followed, so that no loop of them
 * traps the walk. Each folder is a checkpoint; nothing stays open.
 *
 * @throws {TypeError} at the call, for arguments of a wrong kind.
 * @throws {Error} (from the iteration) with the system's code, such as "ENOENT", when the folder itself cannot be read.
 *
 * @example
 * ```ts
 * import { walk } from "@millrace/millrace/io";
 *
 * let files = 0;
 * for await (const entry of walk("io")) {
 *   if (entry.kind === "file") files++;
 * }
 * console.log(files > 0);
 * ```
 */
export function walk(folder: string | URL, options: WalkOptions = {}): AsyncIterableIterator<WalkEntry> {
  checkPath(folder);
  checkOptions(options);
  checkSignal(options.signal);
  if (options.skip !== undefined) checkFunction(options.skip, "skip");
  if (options.onError !== undefined) checkFunction(options.onError, "onError");
  return walkFrom(folder instanceof URL ? pathOfUrl(folder) : folder, options);
}

async function* walkFrom(folder: string, options: WalkOptions): AsyncGenerator<WalkEntry, undefined> {
  const files = await nodeFiles();
  const folders = [folder];
  for (let path = folders.pop(); path !== undefined; path = folders.pop()) {
    let found: WalkEntry[];
    try {
      found = await abortable(options.signal, `listing ${path}`, () => list(files, path));
    } catch (error) {
      throwIfCancelled();
      options.signal?.throwIfAborted();
      if (path === folder) throw error;
      options.onError?.(error, path);
      continue;
    }
    const inner: string[] = [];
    for (const entry of found) {
      throwIfCancelled();
      options.signal?.throwIfAborted();
      yield entry;
      if (entry.kind === "directory" && !options.skip?.(entry)) inner.push(entry.path);
    }
    folders.push(...inner.reverse());
  }
}

async function list(files: NodeFiles, path: string): Promise<WalkEntry[]> {
  const found = await files.readdir(path, { withFileTypes: true });
  found.sort((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
  return found.map((entry) => ({
    path: joinPath(path, entry.name),
    name: entry.name,
    kind: entry.isDirectory() ? "directory" : entry.isFile() ? "file" : entry.isSymbolicLink() ? "link" : "other",
  }));
}

function checkPath(path: unknown): void {
  if (typeof path !== "string" && !(path instanceof URL)) {
    throw new TypeError(`A path is a string or a URL: received ${show(path)}`);
  }
}
