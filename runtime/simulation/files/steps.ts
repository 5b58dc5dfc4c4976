/**
 * Calls that take more than one operation of a disk: each takes effect at an instant of its own, and a reader or a kill may come between.
 *
 * @module
 */

import type { SimulatedDisk } from "../disk/disk.ts";
import { OpenFile } from "../disk/open_file.ts";
import { bytesOf, inEncoding, optionsOf, pathOf } from "./arguments.ts";
import { openAt, writeAll } from "./path_calls.ts";

/** Gives the name of the operation that comes next, and goes on when it is there. */
export type Steps<T = unknown> = Generator<string, T, void>;

/** What a file is given by: its path, its number, or the file itself. */
export type Target = unknown;

/** A call that takes one operation. */
export function* once<T>(label: string, fn: () => T): Steps<T> {
  yield label;
  return fn();
}

/** As a call names its file. */
export function targetName(target: Target): string {
  if (target instanceof OpenFile) return target.path;
  return typeof target === "number" ? `file ${target}` : target === undefined ? "" : pathOf(target);
}

/** A file, and whether it was opened here. */
function openTarget(disk: SimulatedDisk, target: Target, flag: unknown, mode: unknown): readonly [OpenFile, boolean] {
  if (target instanceof OpenFile) return [target, false];
  if (typeof target === "number") return [disk.opened(target, { syscall: "fstat" }), false];
  return [openAt(disk, target, flag, mode), true];
}

/** Reads a file whole. */
export function* readSteps(disk: SimulatedDisk, target: Target, options?: unknown): Steps {
  const { encoding, flag } = optionsOf<{ flag?: unknown }>(options);
  yield `read ${targetName(target)}`;
  const [file, isOwn] = openTarget(disk, target, flag ?? "r", undefined);
  try {
    return inEncoding(disk.readAll(file, { syscall: "read" }), encoding);
  } finally {
    if (isOwn) disk.close(file, { syscall: "close" });
  }
}

/** So much is written at once, as Node does. */
const mostAtOnce = 512 * 1024;

/** Opens a file and empties it, writes, syncs if that is asked for. */
export function* writeSteps(disk: SimulatedDisk, target: Target, data: unknown, options?: unknown): Steps<void> {
  const { encoding, flag, mode, flush } = optionsOf<{ flag?: unknown; mode?: unknown; flush?: boolean }>(options);
  const bytes = bytesOf(data, encoding);
  const name = targetName(target);
  yield `open ${name}`;
  const [file, isOwn] = openTarget(disk, target, flag ?? "w", mode);
  try {
    for (let at = 0; at < bytes.byteLength; at += mostAtOnce) {
      yield `write ${name}`;
      writeAll(disk, file, bytes.subarray(at, at + mostAtOnce), null, { syscall: "write" });
    }
    if (flush === true) {
      yield `sync ${name}`;
      disk.sync(file, { syscall: "fsync" });
    }
  } finally {
    // A machine that was killed has closed it.
    if (isOwn && !file.isClosed) disk.close(file, { syscall: "close" });
  }
}

/** The same at the end of the file. */
export function appendSteps(disk: SimulatedDisk, target: Target, data: unknown, options?: unknown): Steps<void> {
  const given = optionsOf<{ flag?: unknown }>(options);
  return writeSteps(disk, target, data, { ...given, flag: given.flag ?? "a" });
}

/** All of them, by their name in `node:fs/promises`. */
export const stepCalls: Readonly<Record<string, (disk: SimulatedDisk, ...args: never[]) => Steps>> = {
  appendFile: appendSteps,
  readFile: readSteps,
  writeFile: writeSteps,
};
