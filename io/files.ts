/**
 * Files: their bytes, and walks through folders.
 *
 * @module
 */

import { checkCount, checkFunction, checkOptions, show } from "../scheduler/check.ts";
import { checkSignal } from "../scheduler/join_signal.ts";
import { currentScope, deliver, Wait } from "../scheduler/scope.ts";
import { joinPath, type NodeFiles, nodeFiles } from "../runtime/files.ts";

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
  if (signal?.aborted) return Promise.reject(signal.reason);
  return read(path, signal, maxBytes, into);
}

async function read(
  path: string | URL,
  signal: AbortSignal | undefined,
  maxBytes: number,
  into: Uint8Array | undefined,
): Promise<Uint8Array> {
  const controller = new AbortController();
  const wait = new Wait<Uint8Array>(currentScope(), () => controller.abort());
  if (wait.interrupted) return await wait.promise;
  const abort = (): void => {
    controller.abort();
    wait.reject(signal!.reason);
  };
  signal?.addEventListener("abort", abort, { once: true });
  nodeFiles().then((files) =>
    into === undefined
      ? readWhole(files, path, maxBytes, controller.signal)
      : readInto(files, path, into.subarray(0, maxBytes), controller.signal)
  ).then((bytes) => wait.resolve(bytes), (error) => wait.reject(error));
  try {
    return await wait.promise;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

async function readWhole(
  files: NodeFiles,
  path: string | URL,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  if (maxBytes !== Infinity) {
    const { size } = await files.stat(path);
    if (size > maxBytes) throw new RangeError(`${String(path)} has ${size} bytes, more than ${maxBytes}`);
  }
  return await files.readFile(path, { signal });
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
export function walk(folder: string, options: WalkOptions = {}): AsyncIterableIterator<WalkEntry> {
  checkPath(folder);
  checkOptions(options);
  checkSignal(options.signal);
  if (options.skip !== undefined) checkFunction(options.skip, "skip");
  if (options.onError !== undefined) checkFunction(options.onError, "onError");
  return walkFrom(String(folder), options);
}

async function* walkFrom(folder: string, options: WalkOptions): AsyncGenerator<WalkEntry, undefined> {
  const files = await nodeFiles();
  const folders = [folder];
  for (let path = folders.pop(); path !== undefined; path = folders.pop()) {
    let found: WalkEntry[];
    try {
      found = await list(files, path);
    } catch (error) {
      if (path === folder) throw error;
      options.onError?.(error, path);
      continue;
    }
    const inner: string[] = [];
    for (const entry of found) {
      const scope = currentScope();
      if (scope?.effective !== undefined) throw deliver(scope);
      if (options.signal?.aborted) throw options.signal.reason;
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
