/**
 * What is on a disk: files, folders and links, each as the kernel shows it and as it would be found after a loss of power.
 *
 * @module
 */

import { Content } from "./content.ts";

/** The times of an inode, in ms of the machine's wall clock. */
export interface Times {
  accessed: number;
  modified: number;
  changed: number;
  born: number;
}

/** What has been done to a file and may not be on the disk yet. */
export type Change =
  | { readonly kind: "write"; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: "truncate"; readonly size: number };

/** What files, folders and links have in common. */
abstract class Entry {
  readonly ino: number;
  mode: number;
  /** Who owns it. */
  uid = 0;
  gid = 0;
  readonly times: Times;
  /** How many names it has. */
  links = 0;
  /** How many have it open. */
  opens = 0;

  constructor(ino: number, mode: number, now: number) {
    this.ino = ino;
    this.mode = mode;
    this.times = { accessed: now, modified: now, changed: now, born: now };
  }
}

/** So many changes wait for the disk; then the kernel writes the oldest back by itself. */
const mostPending = 4096;

/** A file. */
export class FileInode extends Entry {
  readonly kind = "file";
  /** What readers see. */
  live: Content = new Content();
  /** What a loss of power leaves, if all that is pending is lost. */
  durable: Content = new Content();
  /** What has been done since, in order. */
  pending: Change[] = [];
  /** Counts what was done to it. */
  version = 0;

  write(at: number, bytes: Uint8Array): void {
    this.live.write(at, bytes);
    this.#changed({ kind: "write", at, bytes: bytes.slice() });
  }

  truncate(size: number): void {
    if (size === this.live.size) return;
    this.live.truncate(size);
    this.#changed({ kind: "truncate", size });
  }

  /** All that is pending is on the disk now. */
  persist(): void {
    for (const change of this.pending) apply(this.durable, change);
    if (this.pending.length > 0) this.version++;
    this.pending = [];
  }

  /** The kernel takes what is pending for written, and it is not. */
  forget(): void {
    this.pending = [];
    this.version++;
  }

  #changed(change: Change): void {
    this.version++;
    this.pending.push(change);
    if (this.pending.length > mostPending) apply(this.durable, this.pending.shift()!);
  }
}

/** A folder. */
export class FolderInode extends Entry {
  readonly kind = "folder";
  entries: Map<string, Inode> = new Map();
  durable: Map<string, Inode> = new Map();
  /** The one it is in, itself for the root, and what it is called there. */
  parent: FolderInode;
  name: string;

  constructor(ino: number, mode: number, now: number, parent?: FolderInode, name: string = "") {
    super(ino, mode, now);
    this.parent = parent ?? this;
    this.name = name;
  }
}

/** A symbolic link. */
export class LinkInode extends Entry {
  readonly kind = "link";
  readonly to: string;

  constructor(ino: number, now: number, to: string) {
    super(ino, 0o777, now);
    this.to = to;
  }
}

export type Inode = FileInode | FolderInode | LinkInode;

/** Does to some bytes what was done to a file. */
export function apply(content: Content, change: Change): void {
  if (change.kind === "write") content.write(change.at, change.bytes);
  else content.truncate(change.size);
}
