/**
 * Open files, of every kind.
 *
 * @module
 */

import { concatenate } from "../../runtime/basics/bytes.ts";
import { type FileHandle, type FileStat, nodeFiles } from "../../runtime/system/files.ts";
import { holdOpen, openUnwaiting, statOf, type Unwaiting } from "../../runtime/system/pipes.ts";
import { loop } from "../../scheduler/queue/loop.ts";
import { onAbort } from "../../scheduler/scopes/foreign_signal.ts";

/** How long a pipe that has nothing to give, or no room, is left alone, in ms. */
const longestPause = 16;
/** How much is read of a pipe at once. */
const chunkBytes = 64 * 1024;

/**
 * Opens a file. An abort ends that also for a pipe that nobody has opened at the other end, where the system would wait for ever.
 *
 * @param flags As those of `fs.open`.
 */
export async function openFile(
  path: string | URL,
  signal: AbortSignal,
  flags: "r" | "w" = "r",
  mode?: number,
): Promise<OpenFile> {
  const files = nodeFiles();
  signal.throwIfAborted();
  let release: (() => void) | undefined;
  const leaveSignal = onAbort(signal, () => release = holdOpen(path));
  let file: FileHandle;
  try {
    file = await files.open(path, flags, mode);
  } finally {
    leaveSignal();
    release?.();
  }
  try {
    signal.throwIfAborted();
    const stat = statOf(file);
    const waits = !stat.isFile() && !stat.isDirectory();
    return new OpenFile(file, stat, waits ? openUnwaiting(path, file, flags === "w") : undefined);
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** A file that is open, and that no read or write keeps from being closed. */
export class OpenFile {
  readonly stat: FileStat;
  readonly #file: FileHandle;
  readonly #unwaiting: Unwaiting | undefined;

  /** Made by `openFile`. */
  constructor(file: FileHandle, stat: FileStat, unwaiting: Unwaiting | undefined) {
    this.#file = file;
    this.stat = stat;
    this.#unwaiting = unwaiting;
  }

  /** How many bytes were read; 0 at the end. */
  async read(into: Uint8Array, signal: AbortSignal): Promise<number> {
    const unwaiting = this.#unwaiting;
    if (unwaiting !== undefined) return await untilItGoes(() => unwaiting.read(into), signal);
    return (await this.#file.read(into, 0, into.byteLength, null)).bytesRead;
  }

  /** How many bytes were written. */
  async write(from: Uint8Array, signal: AbortSignal): Promise<number> {
    const unwaiting = this.#unwaiting;
    if (unwaiting !== undefined) return await untilItGoes(() => unwaiting.write(from), signal);
    return (await this.#file.write(from, 0, from.byteLength)).bytesWritten;
  }

  /** All that is in it. */
  async readAll(signal: AbortSignal): Promise<Uint8Array> {
    if (this.#unwaiting === undefined) return await this.#file.readFile({ signal });
    const chunks: Uint8Array[] = [];
    for (let length = 0;;) {
      const chunk = new Uint8Array(chunkBytes);
      const bytesRead = await this.read(chunk, signal);
      if (bytesRead === 0) return concatenate(chunks, length);
      chunks.push(chunk.slice(0, bytesRead));
      length += bytesRead;
    }
  }

  async close(): Promise<void> {
    this.#unwaiting?.close();
    await this.#file.close();
  }
}

async function untilItGoes(operation: () => number | undefined, signal: AbortSignal): Promise<number> {
  for (let pause = 1;; pause = Math.min(2 * pause, longestPause)) {
    signal.throwIfAborted();
    const done = operation();
    if (done !== undefined) return done;
    await new Promise<void>((resolve) => loop().timers.setTimer(resolve, pause, { real: true }));
  }
}
