/**
 * What a call answers of a file, and of an entry of a folder.
 *
 * @module
 */

import type { Inode } from "../disk/inode.ts";

const kinds = { file: 0o100000, folder: 0o040000, link: 0o120000 } as const;
const blockBytes = 4096;

abstract class Kind {
  readonly #kind: Inode["kind"];

  constructor(kind: Inode["kind"]) {
    this.#kind = kind;
  }

  isFile(): boolean {
    return this.#kind === "file";
  }

  isDirectory(): boolean {
    return this.#kind === "folder";
  }

  isSymbolicLink(): boolean {
    return this.#kind === "link";
  }

  isFIFO(): boolean {
    return false;
  }

  isSocket(): boolean {
    return false;
  }

  isBlockDevice(): boolean {
    return false;
  }

  isCharacterDevice(): boolean {
    return false;
  }
}

/** As `fs.Stats`. */
export class SimulatedStats extends Kind {
  readonly dev = 1;
  readonly ino: number;
  readonly mode: number;
  readonly nlink: number;
  readonly uid: number;
  readonly gid: number;
  readonly rdev = 0;
  readonly size: number;
  readonly blksize: number = blockBytes;
  readonly blocks: number;
  readonly atimeMs: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly birthtimeMs: number;
  readonly atime: Date;
  readonly mtime: Date;
  readonly ctime: Date;
  readonly birthtime: Date;

  constructor(inode: Inode) {
    super(inode.kind);
    const { accessed, modified, changed, born } = inode.times;
    this.ino = inode.ino;
    this.mode = kinds[inode.kind] | inode.mode;
    this.nlink = inode.links + (inode.kind === "folder" ? 1 : 0);
    this.uid = inode.uid;
    this.gid = inode.gid;
    this.size = sizeOf(inode);
    this.blocks = 8 * Math.ceil(this.size / blockBytes);
    this.atimeMs = accessed;
    this.mtimeMs = modified;
    this.ctimeMs = changed;
    this.birthtimeMs = born;
    this.atime = new Date(accessed);
    this.mtime = new Date(modified);
    this.ctime = new Date(changed);
    this.birthtime = new Date(born);
  }
}

/** The same, where the caller asks for big numbers. */
export function bigStats(stats: SimulatedStats): object {
  const big: Record<string, unknown> = Object.create(SimulatedStats.prototype);
  for (const [name, value] of Object.entries(stats)) {
    big[name] = typeof value === "number" ? BigInt(Math.floor(value)) : value;
  }
  for (const name of ["atime", "mtime", "ctime", "birthtime"]) {
    const ms = (stats as unknown as Record<string, number>)[`${name}Ms`]!;
    big[`${name}Ns`] = BigInt(Math.floor(ms * 1000)) * 1000n;
  }
  for (const name of Object.getOwnPropertyNames(Kind.prototype)) {
    if (name !== "constructor") big[name] = () => (stats as unknown as Record<string, () => boolean>)[name]!();
  }
  return big;
}

function sizeOf(inode: Inode): number {
  if (inode.kind === "file") return inode.live.size;
  return inode.kind === "link" ? new TextEncoder().encode(inode.to).byteLength : blockBytes;
}

/** As `fs.Dirent`. */
export class SimulatedDirent extends Kind {
  readonly name: string;
  readonly parentPath: string;
  readonly path: string;

  constructor(name: string, parentPath: string, inode: Inode) {
    super(inode.kind);
    this.name = name;
    this.parentPath = parentPath;
    this.path = parentPath;
  }
}
