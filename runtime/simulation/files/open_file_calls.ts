/**
 * Node's functions for files that are open: what each does to a disk at one instant.
 *
 * @module
 */

import type { SimulatedDisk } from "../disk/disk.ts";
import { argumentError, type Call, FileError } from "../disk/errors.ts";
import type { OpenFile } from "../disk/open_file.ts";
import { bytesOf, lengthOf, optionsOf, partOf, positionOf } from "./arguments.ts";
import { chmodOf, chownOf, timesOf } from "./path_calls.ts";
import { bigStats, SimulatedStats } from "./stats.ts";

/** What a function does to an open file. */
export type OpenFileCall = (disk: SimulatedDisk, file: OpenFile, ...args: unknown[]) => unknown;

/** What a read asks for. */
export interface ReadRequest {
  readonly into: Uint8Array;
  /** The memory as the caller gave it. */
  readonly buffer: unknown;
  readonly position: number | null;
}

interface ReadOptions {
  readonly buffer?: ArrayBufferView;
  readonly offset?: number | null;
  readonly length?: number | null;
  readonly position?: number | bigint | null;
}

/** As much as `read` makes room for by itself. */
const readBytes = 16 * 1024;

/** What is asked for by `(buffer, offset, length, position)`, `(buffer, options)`, `(options)` or nothing. */
export function readRequest(args: readonly unknown[]): ReadRequest {
  const [first, second, third, fourth] = args;
  const isBuffer = ArrayBuffer.isView(first);
  if (isBuffer && (typeof second !== "object" || second === null)) {
    return { into: partOf(first, second, third), buffer: first, position: positionOf(fourth) };
  }
  const options = ((isBuffer ? second : first) ?? {}) as ReadOptions;
  if (typeof options !== "object") throw argumentError("buffer", first);
  const buffer = isBuffer ? first : options.buffer ?? partOfNew();
  return { into: partOf(buffer, options.offset, options.length), buffer, position: positionOf(options.position) };
}

function partOfNew(): Uint8Array {
  return bytesOf("\0".repeat(readBytes), "latin1");
}

/** What a write asks for. */
export interface WriteRequest {
  readonly bytes: Uint8Array;
  readonly buffer: unknown;
  readonly position: number | null;
}

/** What is asked for by `(buffer, offset, length, position)`, `(buffer, options)` or `(text, position, encoding)`. */
export function writeRequest([data, second, third, fourth]: readonly unknown[]): WriteRequest {
  if (typeof data === "string") {
    return { bytes: bytesOf(data, third as string | undefined), buffer: data, position: positionOf(second) };
  }
  if (typeof second !== "object" || second === null) {
    return { bytes: partOf(data, second, third), buffer: data, position: positionOf(fourth) };
  }
  const { offset, length, position } = second as ReadOptions;
  return { bytes: partOf(data, offset, length), buffer: data, position: positionOf(position) };
}

/** Node asks nobody for no bytes. */
export function readRequested(disk: SimulatedDisk, file: OpenFile, { into, position }: ReadRequest): number {
  return into.byteLength === 0 ? 0 : disk.read(file, into, position, { syscall: "read" });
}

/** Reads into several buffers, one after the other. */
function readv(disk: SimulatedDisk, file: OpenFile, buffers: unknown, position: unknown): number {
  const parts = (buffers as ArrayBufferView[]).map((buffer) => partOf(buffer, 0, undefined));
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.byteLength, 0));
  const count = disk.read(file, whole, positionOf(position), { syscall: "read" });
  let at = 0;
  for (const part of parts) {
    part.set(whole.subarray(at, Math.min(count, at + part.byteLength)));
    at = Math.min(count, at + part.byteLength);
  }
  return count;
}

function writev(disk: SimulatedDisk, file: OpenFile, buffers: unknown, position: unknown): number {
  const parts = (buffers as ArrayBufferView[]).map((buffer) => partOf(buffer, 0, undefined));
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return disk.write(file, whole, positionOf(position), { syscall: "write" });
}

function checkOpen(file: OpenFile, call: Call): OpenFile["inode"] {
  if (file.isClosed) throw new FileError("EBADF", call);
  return file.inode;
}

/** All of them, by their name in `node:fs`. */
export const openFileCalls: Readonly<Record<string, OpenFileCall>> = {
  close: (disk, file) => disk.close(file, { syscall: "close" }),
  fchmod: (disk, file, ...args) => chmodOf(disk, checkOpen(file, { syscall: "fchmod" }), args),
  fchown: (disk, file, ...args) => chownOf(disk, checkOpen(file, { syscall: "fchown" }), args),
  fdatasync: (disk, file) => disk.sync(file, { syscall: "fdatasync" }),
  fstat(_disk, file, options) {
    const stats = new SimulatedStats(checkOpen(file, { syscall: "fstat" }));
    return optionsOf<{ bigint?: boolean }>(options).bigint === true ? bigStats(stats) : stats;
  },
  fsync: (disk, file) => disk.sync(file, { syscall: "fsync" }),
  ftruncate: (disk, file, length) => disk.truncate(file, lengthOf(length), { syscall: "ftruncate" }),
  futimes: (disk, file, ...args) => timesOf(disk, checkOpen(file, { syscall: "futime" }), args),
  read(disk, file, ...args) {
    return readRequested(disk, file, readRequest(args));
  },
  readv: (disk, file, buffers, position) => readv(disk, file, buffers, position),
  write(disk, file, ...args) {
    const { bytes, position } = writeRequest(args);
    return disk.write(file, bytes, position, { syscall: "write" });
  },
  writev: (disk, file, buffers, position) => writev(disk, file, buffers, position),
};
