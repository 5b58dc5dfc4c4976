/**
 * Pipes, terminals and devices by their path. The system holds a thread in an `open` until somebody has the other end of a pipe, and in a
 * `read` until there are bytes, and nothing cancels either. So a pipe that is open is read and written without waiting, by looking again; and
 * who waits in `open` is let go by having the other end ourselves.
 *
 * @module
 */

import { builtin } from "../hosts/common/node_process.ts";
import type { FileHandle, FileStat } from "./files.ts";

interface NodeFileSystem {
  readonly constants: {
    readonly O_RDONLY: number;
    readonly O_WRONLY: number;
    readonly O_RDWR: number;
    readonly O_NONBLOCK?: number;
  };
  statSync(path: string | URL): FileStat;
  fstatSync(file: number): FileStat;
  openSync(path: string | URL, flags: number): number;
  closeSync(file: number): void;
  readSync(file: number, into: Uint8Array, offset: number, length: number, position: null): number;
  writeSync(file: number, from: Uint8Array, offset: number, length: number): number;
}

/** What an open file is, asked of the system at once: it knows without looking at a disk. */
export function statOf(file: FileHandle): FileStat {
  return builtin<NodeFileSystem>("node:fs").fstatSync(file.fd);
}

/** Lets those go on who wait in `open` for the other end of a pipe, until the returned function is called; does nothing for other files. */
export function holdOpen(path: string | URL): () => void {
  const { constants, statSync, openSync, closeSync } = builtin<NodeFileSystem>("node:fs");
  try {
    if (constants.O_NONBLOCK === undefined || !statSync(path).isFIFO()) return () => {};
    // With both ends it does not matter whether the other one waits already.
    const file = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    return () => closeSync(file);
  } catch {
    return () => {};
  }
}

/** A file that never makes its user wait. */
export interface Unwaiting {
  /** How many bytes were read, 0 at the end; `undefined` where there are none yet. */
  read(into: Uint8Array): number | undefined;
  /** How many bytes were written; `undefined` where there is no room yet. */
  write(from: Uint8Array): number | undefined;
  close(): void;
}

/** Opens once more, without waiting, what is open; `undefined` where that is not the same any more, or the system does not let us. */
export function openUnwaiting(path: string | URL, file: FileHandle, writes: boolean): Unwaiting | undefined {
  const { constants, openSync, closeSync, fstatSync, readSync, writeSync } = builtin<NodeFileSystem>("node:fs");
  if (constants.O_NONBLOCK === undefined) return undefined;
  let again: number;
  try {
    again = openSync(path, (writes ? constants.O_WRONLY : constants.O_RDONLY) | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
  const [one, other] = [statOf(file), fstatSync(again)];
  if (one.ino !== other.ino || one.dev !== other.dev) {
    closeSync(again);
    return undefined;
  }
  return {
    read: (into) => unlessItWouldWait(() => readSync(again, into, 0, into.byteLength, null)),
    write: (from) => unlessItWouldWait(() => writeSync(again, from, 0, Math.min(from.byteLength, mostWritten))),
    close: () => closeSync(again),
  };
}

/**
 * So much goes into a pipe whole or not at all. Of more, Deno writes what there is room for and does not tell how much that was.
 */
const mostWritten = 4096;

function unlessItWouldWait(operation: () => number): number | undefined {
  try {
    return operation();
  } catch (error) {
    if ((error as { code?: string }).code === "EAGAIN") return undefined;
    throw error;
  }
}
