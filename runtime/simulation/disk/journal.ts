/**
 * What has been done to the entries of folders and may not be on the disk yet.
 *
 * ```
 *   create, rename, unlink ──> pending ──the folder is synced──> durable
 *                                 ├──power is lost──> durable, or as if it had never been
 *                                 └──the sync fails──> never durable
 * ```
 *
 * An operation is whole or not at all, also a rename from one folder to another. What concerns the same name keeps its order: an
 * operation is durable only with those before it that it depends on. All others are independent, as POSIX has it.
 *
 * @module
 */

import type { FolderInode, Inode } from "./inode.ts";

/** A name of a folder that stands for something from then on, or for nothing. */
export interface EntryChange {
  readonly folder: FolderInode;
  readonly name: string;
  readonly node: Inode | undefined;
}

/** One operation on entries. */
export interface EntryOperation {
  readonly changes: readonly EntryChange[];
  /** What it depends on, and what depends on it, has one of these in common with it. */
  readonly keys: readonly string[];
}

/** So many operations wait for the disk; then the kernel writes the oldest back by itself. */
const mostPending = 4096;

/** The operations of a disk that are pending, in order. */
export class Journal {
  pending: EntryOperation[] = [];

  add(changes: readonly EntryChange[], movesFolder: boolean): void {
    const keys = changes.map(({ folder, name }) => `${folder.ino}/${name}`);
    // Of two folders each could end up in the other.
    if (movesFolder) keys.push("folders");
    this.pending.push({ changes, keys });
    if (this.pending.length > mostPending) persist(this.pending.shift()!);
  }

  /** Makes what was done in a folder durable, and what that depends on. */
  sync(folder: FolderInode): void {
    const needed = new Set<string>();
    const isNeeded = new Set<EntryOperation>();
    for (let index = this.pending.length - 1; index >= 0; index--) {
      const operation = this.pending[index]!;
      if (!concerns(operation, folder) && !operation.keys.some((key) => needed.has(key))) continue;
      isNeeded.add(operation);
      for (const key of operation.keys) needed.add(key);
    }
    this.pending = this.pending.filter((operation) => {
      if (isNeeded.has(operation)) persist(operation);
      return !isNeeded.has(operation);
    });
  }

  /** The kernel takes what was done in a folder for written, and it is not. */
  forget(folder: FolderInode): void {
    this.pending = this.pending.filter((operation) => !concerns(operation, folder));
  }

  /** Power is lost: those that `keeps` says are durable, less what depends on one that is not. Answers how many are lost. */
  cut(keeps: (operation: EntryOperation) => boolean): number {
    const lost = new Set<string>();
    let count = 0;
    for (const operation of this.pending) {
      if (!operation.keys.some((key) => lost.has(key)) && keeps(operation)) {
        persist(operation);
        continue;
      }
      count++;
      for (const key of operation.keys) lost.add(key);
    }
    this.pending = [];
    return count;
  }

  /** Is anything of a folder pending? */
  has(folder: FolderInode): boolean {
    return this.pending.some((operation) => concerns(operation, folder));
  }
}

function concerns({ changes }: EntryOperation, folder: FolderInode): boolean {
  return changes.some((change) => change.folder === folder);
}

function persist({ changes }: EntryOperation): void {
  for (const { folder, name, node } of changes) {
    if (node === undefined) folder.durable.delete(name);
    else folder.durable.set(name, node);
  }
}
