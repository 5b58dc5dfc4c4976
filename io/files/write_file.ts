/**
 * Files, written whole.
 *
 * @module
 */

import { checkChunk } from "../../runtime/basics/bytes.ts";
import { checkCount, checkOptions, show } from "../../runtime/basics/check.ts";
import { type FileHandle, type NodeFiles, nodeFiles, uniqueName } from "../../runtime/system/files.ts";
import { checkSignal, onAbort } from "../../scheduler/scopes/foreign_signal.ts";
import { abortable } from "../waits/abortable.ts";
import { plainPath } from "./path.ts";

/** How a file is to be written. */
export interface WriteFileOptions {
  /** Ends the writing when aborted; the promise then rejects with the signal's reason itself. */
  signal?: AbortSignal;
  /**
   * Writes a file beside it first and puts that in its place when it is whole and on the disk, so that nobody ever sees a part, and an error
   * or a cancellation leaves the old one. The new one has the old one's permissions; a link stays one. Default: false.
   */
  atomic?: boolean;
  /** The permissions of a new file, less the process's mask. Default: 0o666. */
  mode?: number;
}

/**
 * Writes a file whole. Cancelled by its scope or signal it rejects, and the group around ends only after the file is closed; without
 * `atomic` a part of it may have been written by then.
 *
 * @param content A text, bytes, or chunks of bytes as they come; of those no more is in memory than one, and the source is closed.
 * @throws {TypeError} at the call, for arguments of a wrong kind.
 * @throws {Error} (rejection) with the system's code, such as "EACCES".
 *
 * @example
 * ```ts no-run
 * import { writeFile } from "@millrace/millrace/io";
 *
 * await writeFile("settings.json", JSON.stringify({ port: 8080 }), { atomic: true });
 * ```
 */
export function writeFile(
  path: string | URL,
  content: string | Uint8Array | AsyncIterable<Uint8Array>,
  options: WriteFileOptions = {},
): Promise<void> {
  const target = plainPath(path);
  const isIterable = typeof (content as AsyncIterable<Uint8Array> | undefined)?.[Symbol.asyncIterator] === "function";
  if (typeof content !== "string" && !(content instanceof Uint8Array) && !isIterable) {
    throw new TypeError(
      `The content of a file is a text, bytes or an async iterable of bytes: received ${show(content)}`,
    );
  }
  checkOptions(options, "writeFile", ["signal", "atomic", "mode"]);
  const { signal, atomic = false, mode = 0o666 } = options;
  checkSignal(signal);
  checkCount(mode, "mode", 0);
  return abortable(signal, `writing ${target}`, async (aborted) => {
    const files = await nodeFiles();
    if (atomic) await replaceWhole(files, target, content, mode, aborted);
    else await writeTo(await files.open(target, "w", mode), content, aborted);
  });
}

type Content = string | Uint8Array | AsyncIterable<Uint8Array>;

/** Writes to a file that was opened, and closes it; with `sync` it is on the disk then. */
async function writeTo(file: FileHandle, content: Content, signal: AbortSignal, sync = false): Promise<void> {
  try {
    if (typeof content === "string") await writeAll(file, new TextEncoder().encode(content), signal);
    else if (content instanceof Uint8Array) await writeAll(file, content, signal);
    else await writeChunks(file, content, signal);
    signal.throwIfAborted();
    if (sync) await file.sync();
  } finally {
    await file.close();
  }
}

/** An abort does not wait for a source that may never give its next chunk: it is told, and left. */
async function writeChunks(file: FileHandle, content: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
  const chunks = content[Symbol.asyncIterator]();
  let leaveSignal!: () => void;
  const aborted = new Promise<undefined>((resolve) => leaveSignal = onAbort(signal, () => resolve(undefined)));
  let isOver = false;
  try {
    for (;;) {
      signal.throwIfAborted();
      const next = await Promise.race([chunks.next(), aborted]);
      isOver = next?.done === true;
      if (next === undefined || isOver) return;
      checkChunk(next.value);
      await writeAll(file, next.value, signal);
    }
  } finally {
    leaveSignal();
    if (!isOver) void Promise.resolve(chunks.return?.()).catch(() => {});
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  for (let at = 0; at < bytes.byteLength;) {
    signal.throwIfAborted();
    at += (await file.write(bytes, at, Math.min(mostAtOnce, bytes.byteLength - at))).bytesWritten;
  }
}

/** How much is written between two looks at the signal. */
const mostAtOnce = 512 * 1024;

async function replaceWhole(
  files: NodeFiles,
  path: string,
  content: Content,
  mode: number,
  signal: AbortSignal,
): Promise<void> {
  // What is replaced is what a link leads to, not the link.
  const target = await files.realpath(path).catch(() => path);
  const old = await files.stat(target).catch(() => undefined);
  const part = `${target}.${uniqueName()}.part`;
  const file = await files.open(part, "wx", mode);
  try {
    if (old !== undefined) {
      await file.chmod(old.mode & 0o7777).catch(async (error) => {
        await file.close();
        throw error;
      });
    }
    await writeTo(file, content, signal, true);
    signal.throwIfAborted();
    await files.rename(part, target);
  } catch (error) {
    await files.rm(part, { force: true });
    throw error;
  }
}
