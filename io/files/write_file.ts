/**
 * Files, written whole.
 *
 * @module
 */

import { checkChunk } from "../../runtime/basics/bytes.ts";
import { checkCount, checkOptions, show } from "../../runtime/basics/check.ts";
import { nodeFiles } from "../../runtime/system/files.ts";
import { checkSignal, onAbort } from "../../scheduler/scopes/foreign_signal.ts";
import { abortable } from "../waits/abortable.ts";
import { openFile } from "./open_file.ts";
import { plainPath } from "./path.ts";
import { replaceFile } from "./replace_file.ts";

/** How a file is to be written. */
export interface WriteFileOptions {
  /** Ends the writing when aborted; the promise then rejects with the signal's reason itself. */
  signal?: AbortSignal;
  /**
   * Writes a file beside it first and puts that in its place when it is whole and on the disk, so that nobody ever sees a part, and an error
   * or a cancellation leaves the old one. A link stays one, also where nothing is there yet. The new one has the old one's owner, group and
   * permissions as far as this process may give them; further names of the old one (hard links) and its access lists stay with that. What is
   * no file, a folder, a pipe, a device, is refused. A process that is killed meanwhile leaves `NAME.UUID.part` behind. Default: false.
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
    if (atomic) {
      await replaceFile(nodeFiles(), target, mode, async (part) => {
        const write = async (bytes: Uint8Array) => (await part.write(bytes, 0, bytes.byteLength)).bytesWritten;
        await writeContent(write, content, aborted);
        await part.sync();
        aborted.throwIfAborted();
      });
    } else {
      const file = await openFile(target, aborted, "w", mode);
      await writeContent((bytes) => file.write(bytes, aborted), content, aborted).finally(() => file.close());
    }
  });
}

type Content = string | Uint8Array | AsyncIterable<Uint8Array>;
/** Writes some of the bytes, and answers how many. */
type Write = (bytes: Uint8Array) => Promise<number>;

async function writeContent(write: Write, content: Content, signal: AbortSignal): Promise<void> {
  if (typeof content === "string") await writeAll(write, new TextEncoder().encode(content), signal);
  else if (content instanceof Uint8Array) await writeAll(write, content, signal);
  else await writeChunks(write, content, signal);
  signal.throwIfAborted();
}

/** An abort does not wait for a source that may never give its next chunk: it is told, and left. */
async function writeChunks(write: Write, content: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
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
      await writeAll(write, next.value, signal);
    }
  } finally {
    leaveSignal();
    if (!isOver) void Promise.resolve(chunks.return?.()).catch(() => {});
  }
}

async function writeAll(write: Write, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  for (let at = 0; at < bytes.byteLength;) {
    signal.throwIfAborted();
    at += await write(bytes.subarray(at, at + mostAtOnce));
  }
}

/** How much is written between two looks at the signal. */
const mostAtOnce = 512 * 1024;
