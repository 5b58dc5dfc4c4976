/**
 * The names on a disk: folders, what is in them, and what becomes of it when names come and go.
 *
 * @module
 */

import { type Call, FileError } from "./errors.ts";
import { FileInode, FolderInode, type Inode, LinkInode } from "./inode.ts";
import { type EntryChange, Journal } from "./journal.ts";
import { find, joined, lookUp, lookUpName, pathTo, type Place } from "./lookup.ts";
import { Watchers } from "./watchers.ts";

/** What new files and folders do not let others do. */
const mask = 0o022;

/** All that has a name on a disk. */
export class Tree {
  /** How many bytes all files have that are there or open. */
  used = 0;
  readonly watchers: Watchers = new Watchers();
  readonly root: FolderInode;
  readonly journal: Journal = new Journal();
  readonly now: () => number;
  #lastInode = 0;

  constructor(now: () => number) {
    this.now = now;
    this.root = new FolderInode(++this.#lastInode, 0o755, now());
  }

  /** Makes a file that has no name yet. */
  newFile(mode: number): FileInode {
    return new FileInode(++this.#lastInode, mode & 0o7777 & ~mask, this.now());
  }

  find(path: string, follow: boolean, call: Call): Inode {
    return find(this.root, path, follow, call);
  }

  rename(from: string, to: string, call: Call): void {
    const source = lookUpName(this.root, from, call);
    const target = lookUpName(this.root, to, call);
    const { node } = source;
    if (source.name === "" || target.name === "") throw new FileError("EBUSY", call);
    if (node === undefined) throw new FileError("ENOENT", call);
    if (node.kind !== "folder" && (source.isFolder || target.isFolder)) throw new FileError("ENOTDIR", call);
    if (node.kind === "folder" && isIn(target.folder, node)) throw new FileError("EINVAL", call);
    if (target.node?.kind === "folder" && isIn(source.folder, target.node)) throw new FileError("ENOTEMPTY", call);
    if (node === target.node) return;
    if (target.node !== undefined) this.#checkReplaced(source, target, call);
    this.change([[source, undefined], [target, node]]);
    if (node.kind === "folder") [node.parent, node.name] = [target.folder, target.name];
  }

  link(from: string, to: string, call: Call): void {
    const node = find(this.root, from, false, call);
    const target = lookUpName(this.root, to, call);
    if (target.node !== undefined) throw new FileError("EEXIST", call);
    if (target.isFolder) throw new FileError("ENOENT", call);
    if (node.kind === "folder") throw new FileError("EPERM", call);
    this.change([[target, node]]);
  }

  symlink(to: string, path: string, call: Call): void {
    const place = lookUpName(this.root, path, call);
    if (place.node !== undefined) throw new FileError("EEXIST", call);
    if (place.isFolder || to === "") throw new FileError("ENOENT", call);
    this.change([[place, new LinkInode(++this.#lastInode, this.now(), to)]]);
  }

  unlink(path: string, call: Call): void {
    const place = lookUpName(this.root, path, call);
    if (place.node === undefined) throw new FileError("ENOENT", call);
    if (place.node.kind === "folder") throw new FileError("EISDIR", call);
    if (place.isFolder) throw new FileError("ENOTDIR", call);
    this.change([[place, undefined]]);
  }

  mkdir(path: string, mode: number, call: Call): void {
    const place = lookUpName(this.root, path, call);
    if (place.node !== undefined) throw new FileError("EEXIST", call);
    const { folder, name } = place;
    this.change([[place, new FolderInode(++this.#lastInode, mode & 0o7777 & ~mask, this.now(), folder, name)]]);
  }

  rmdir(path: string, call: Call): void {
    const place = lookUpName(this.root, path, call);
    if (place.node === undefined) throw new FileError("ENOENT", call);
    if (place.node.kind !== "folder") throw new FileError("ENOTDIR", call);
    if (place.node === this.root) throw new FileError("EBUSY", call);
    if (place.name === "") throw new FileError("EINVAL", call);
    if (place.node.entries.size > 0) throw new FileError("ENOTEMPTY", call);
    this.change([[place, undefined]]);
  }

  /** The path without links. */
  realPath(path: string, call: Call): string {
    const { folder, name, node } = lookUp(this.root, path, true, call);
    if (node === undefined) throw new FileError("ENOENT", call);
    return node.kind === "folder" ? pathTo(node) : joined(pathTo(folder), name);
  }

  chmod(inode: Inode, mode: number): void {
    inode.mode = mode & 0o7777;
    inode.times.changed = this.now();
  }

  /** A negative number leaves the owner as it is. */
  chown(inode: Inode, uid: number, gid: number): void {
    if (uid >= 0) inode.uid = uid;
    if (gid >= 0) inode.gid = gid;
    inode.times.changed = this.now();
  }

  setTimes(inode: Inode, accessed: number, modified: number): void {
    Object.assign(inode.times, { accessed, modified, changed: this.now() });
  }

  #checkReplaced({ node }: Place, target: Place, call: Call): void {
    if (node!.kind !== "folder" && target.node!.kind === "folder") throw new FileError("EISDIR", call);
    if (node!.kind !== "folder") return;
    if (target.node!.kind !== "folder") throw new FileError("ENOTDIR", call);
    if (target.node!.entries.size > 0) throw new FileError("ENOTEMPTY", call);
  }

  /** Lets names stand for something else, all at once. */
  change(changed: readonly (readonly [Place, Inode | undefined])[]): void {
    const now = this.now();
    const changes: EntryChange[] = [];
    const told: string[] = [];
    let movesFolder = false;
    for (const [{ folder, name, node: before }, node] of changed) {
      if (node === undefined) folder.entries.delete(name);
      else folder.entries.set(name, node);
      folder.times.modified = folder.times.changed = now;
      for (const [inode, more] of [[before, -1], [node, 1]] as const) {
        if (inode === undefined) continue;
        inode.links += more;
        inode.times.changed = now;
      }
      movesFolder ||= changed.length > 1 && node?.kind === "folder";
      changes.push({ folder, name, node });
      told.push(joined(pathTo(folder), name));
    }
    this.journal.add(changes, movesFolder);
    for (const [{ node }] of changed) if (node !== undefined) this.letGo(node);
    for (const path of told) this.watchers.tell("rename", path);
  }

  /** What has no name any more and is not open takes no room. */
  letGo(inode: Inode): void {
    if (inode.kind !== "file" || inode.links > 0 || inode.opens > 0) return;
    this.used -= inode.live.size;
  }

  /** What is shown is what is durable, from a folder on. */
  recover(folder: FolderInode, seen: Set<Inode>): void {
    seen.add(folder);
    folder.entries.clear();
    for (const [name, node] of folder.durable) {
      const isNew = !seen.has(node);
      // After a sync that failed it may be in two places, which no system lets a folder be.
      if (node.kind === "folder" && !isNew) {
        folder.durable.delete(name);
        continue;
      }
      folder.entries.set(name, node);
      node.links = isNew ? 1 : node.links + 1;
      if (isNew) this.#recoverNode(folder, name, node, seen);
    }
  }

  #recoverNode(parent: FolderInode, name: string, node: Inode, seen: Set<Inode>): void {
    seen.add(node);
    if (node.kind === "folder") {
      [node.parent, node.name] = [parent, name];
      this.recover(node, seen);
    }
    if (node.kind !== "file") return;
    node.forget();
    node.live = node.durable.copy();
    this.used += node.live.size;
  }
}

/** Is a folder another one, or in it? */
function isIn(folder: FolderInode, other: FolderInode): boolean {
  for (let at = folder;; at = at.parent) {
    if (at === other) return true;
    if (at.parent === at) return false;
  }
}
