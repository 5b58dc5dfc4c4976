/**
 * Files that are open.
 *
 * @module
 */

import { argumentError } from "./errors.ts";
import type { Inode } from "./inode.ts";

/** How a file is opened. */
export interface OpenFlags {
  readonly read: boolean;
  readonly write: boolean;
  readonly append: boolean;
  readonly create: boolean;
  readonly exclusive: boolean;
  readonly truncate: boolean;
  /** Is each write on the disk before it returns? */
  readonly sync: boolean;
  /** Must it be a folder? */
  readonly folder: boolean;
}

const none: OpenFlags = {
  read: false,
  write: false,
  append: false,
  create: false,
  exclusive: false,
  truncate: false,
  sync: false,
  folder: false,
};

/** The numbers of a system. */
export interface FlagNumbers {
  readonly O_WRONLY: number;
  readonly O_RDWR: number;
  readonly O_CREAT: number;
  readonly O_EXCL: number;
  readonly O_TRUNC: number;
  readonly O_APPEND: number;
  readonly O_SYNC?: number;
  readonly O_DSYNC?: number;
  readonly O_DIRECTORY?: number;
}

/** Reads flags as `fs.open` takes them. */
export function openFlags(flags: unknown, numbers: FlagNumbers): OpenFlags {
  if (typeof flags === "number") return ofNumber(flags, numbers);
  const text = /^(?:rs?|[wa]x?|xw|ax|xa|as|sa|sr|rs)\+?$/.test(String(flags)) ? String(flags) : undefined;
  if (text === undefined) {
    const error = new TypeError(`The argument 'flags' is invalid. Received ${String(flags)}`);
    throw Object.assign(error, { code: "ERR_INVALID_ARG_VALUE" });
  }
  const has = (letter: string): boolean => text.includes(letter);
  return {
    ...none,
    read: has("r") || has("+"),
    write: !has("r") || has("+"),
    append: has("a"),
    create: !has("r"),
    exclusive: has("x"),
    truncate: has("w"),
    sync: has("s"),
  };
}

function ofNumber(flags: number, numbers: FlagNumbers): OpenFlags {
  if (!Number.isInteger(flags)) throw argumentError("flags", flags);
  const has = (bits: number | undefined): boolean => bits !== undefined && bits !== 0 && (flags & bits) === bits;
  const [isWriteOnly, isBoth] = [has(numbers.O_WRONLY), has(numbers.O_RDWR)];
  return {
    read: !isWriteOnly,
    write: isWriteOnly || isBoth,
    append: has(numbers.O_APPEND),
    create: has(numbers.O_CREAT),
    exclusive: has(numbers.O_EXCL),
    truncate: has(numbers.O_TRUNC),
    sync: has(numbers.O_SYNC) || has(numbers.O_DSYNC),
    folder: has(numbers.O_DIRECTORY),
  };
}

/** A file that is open; its inode is there as long as it is, whatever becomes of its names. */
export class OpenFile {
  readonly fd: number;
  readonly inode: Inode;
  readonly flags: OpenFlags;
  /** What it was opened as, from the root on. */
  readonly path: string;
  position = 0;
  isClosed = false;

  constructor(fd: number, inode: Inode, flags: OpenFlags, path: string) {
    this.fd = fd;
    this.inode = inode;
    this.flags = flags;
    this.path = path;
  }
}
