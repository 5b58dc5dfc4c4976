/**
 * A disk of a simulated machine: a file system in memory with two images, what the kernel shows and what is durable.
 *
 * ```
 *   write, create, rename ──> shown, and pending ──sync──> durable
 *                                 └──power is lost──> any part of it is durable, the rest has never been
 * ```
 *
 * A sync of a file makes its bytes durable, not its name: that takes a sync of the folder it is in. Each call takes effect at one instant;
 * what makes it take time stands above. A kill of the process loses nothing that was written.
 *
 * @module
 */

import { digestOf } from "./digest.ts";
import { type Call, FileError } from "./errors.ts";
import type { ChooseLoss, Decide, DiskFault, Loss } from "./faults.ts";
import type { FileInode } from "./inode.ts";
import { absolute, joined, lookUp, lookUpName, pathTo, type Place } from "./lookup.ts";
import { OpenFile, type OpenFlags } from "./open_file.ts";
import { losePower } from "./power_loss.ts";
import { Tree } from "./tree.ts";

/** What a disk is made with. */
export interface DiskSettings {
  /** What is on it in the beginning, by path. */
  readonly files?: Readonly<Record<string, string | Uint8Array>> | undefined;
  /** How many bytes all files may have together. Default: no limit. */
  readonly capacity?: number | undefined;
  /** The wall clock of the machine, in ms. */
  readonly now?: (() => number) | undefined;
  /** Which faults happen. Default: none. */
  readonly decide?: Decide | undefined;
  /** How long an operation takes, in ms. Default: 0.1 to 1, the same in each run. */
  readonly takes?: ((what: string) => number | undefined) | undefined;
  /** Does the machine live on until an operation is done? Default: yes. */
  readonly begins?: ((what: string) => boolean) | undefined;
}

/** Of so many files something is pending; then the kernel writes one back by itself. */
const mostDirty = 4096;

/** The disk of a machine. */
export class SimulatedDisk {
  readonly capacity: number;
  /** What has a name on it; another one after it was wiped. */
  tree: Tree;
  readonly #decide: Decide;
  readonly #now: () => number;
  readonly #takes: (what: string) => number | undefined;
  readonly #begins: (what: string) => boolean;
  /** Files that something may be pending of. */
  readonly #dirty = new Set<FileInode>();
  readonly #open = new Map<number, OpenFile>();
  #operations = 0;
  #names = 0;

  constructor(
    { files = {}, capacity = Infinity, now = () => 0, decide = () => false, takes, begins }: DiskSettings = {},
  ) {
    this.capacity = capacity;
    this.#now = now;
    this.#decide = decide;
    this.#takes = takes ?? (() => undefined);
    this.#begins = begins ?? (() => true);
    this.tree = new Tree(now);
    for (const [path, content] of Object.entries(files)) this.#place(absolute(path), content);
    this.#writeBack();
  }

  /** How long an operation takes, in ms. */
  takes(what: string): number {
    return this.#takes(what) ?? (100 + mixed(++this.#operations) % 901) / 1000;
  }

  /** An operation is about to take effect; answers whether it does. */
  begins(what: string): boolean {
    return this.#begins(what);
  }

  /** A number that no other file name was made of. */
  nextName(): number {
    return mixed(++this.#names);
  }

  /** Opens a file or a folder. */
  open(path: string, flags: OpenFlags, mode: number, call: Call): OpenFile {
    const isNew = flags.create && flags.exclusive;
    const place = flags.create
      ? lookUpName(this.tree.root, path, call, !isNew)
      : lookUp(this.tree.root, path, true, call);
    if (flags.create && place.isFolder && place.name !== "") throw new FileError("EISDIR", call);
    const inode = place.node ?? this.#create(place, flags, mode, call);
    if (place.node !== undefined) {
      if (isNew) throw new FileError("EEXIST", call);
      if (inode.kind === "folder" && (flags.write || flags.create)) throw new FileError("EISDIR", call);
      if (inode.kind !== "folder" && flags.folder) throw new FileError("ENOTDIR", call);
    }
    const where = inode.kind === "folder" ? pathTo(inode) : joined(pathTo(place.folder), place.name);
    if (flags.truncate && inode.kind === "file") this.#truncate(inode, 0, where, call);
    let fd = 3;
    while (this.#open.has(fd)) fd++;
    const file = new OpenFile(fd, inode, flags, where);
    inode.opens++;
    this.#open.set(fd, file);
    return file;
  }

  /** The file that a number stands for. */
  opened(fd: number, call: Call): OpenFile {
    const file = this.#open.get(fd);
    if (file === undefined) throw new FileError("EBADF", call);
    return file;
  }

  close(file: OpenFile, call: Call): void {
    if (file.isClosed) throw new FileError("EBADF", call);
    file.isClosed = true;
    this.#open.delete(file.fd);
    file.inode.opens--;
    this.tree.letGo(file.inode);
  }

  /** Reads from a place, or from where the last read ended; answers how many bytes. */
  read(file: OpenFile, into: Uint8Array, position: number | null, call: Call): number {
    const inode = this.#fileOf(file, file.flags.read, call);
    this.#faultRead(inode, file.path, call);
    const at = position ?? file.position;
    let length = Math.min(into.byteLength, Math.max(0, inode.live.size - at));
    if (length > 1 && this.#happens("short read", `read ${file.path}`)) length >>= 1;
    inode.live.read(at, into.subarray(0, length));
    if (position === null) file.position = at + length;
    return length;
  }

  /** All that is in a file from where the last read ended. */
  readAll(file: OpenFile, call: Call): Uint8Array {
    const inode = this.#fileOf(file, file.flags.read, call);
    this.#faultRead(inode, file.path, call);
    const bytes = new Uint8Array(Math.max(0, inode.live.size - file.position));
    file.position += inode.live.read(file.position, bytes);
    return bytes;
  }

  /** Writes to a place, or to where the last write ended; answers how many bytes. */
  write(file: OpenFile, bytes: Uint8Array, position: number | null, call: Call): number {
    const inode = this.#fileOf(file, file.flags.write, call);
    const what = `write ${file.path}`;
    if (bytes.byteLength === 0) return 0;
    if (this.#happens("write error", what)) throw new FileError("EIO", call);
    const at = file.flags.append ? inode.live.size : position ?? file.position;
    let length = bytes.byteLength;
    if (length > 1 && this.#happens("short write", what)) length >>= 1;
    const grows = at + length - inode.live.size;
    const room = this.capacity - this.tree.used;
    if (grows > room) length -= grows - room;
    if (length <= 0) throw new FileError("ENOSPC", call);
    this.tree.used += Math.max(0, at + length - inode.live.size);
    inode.write(at, bytes.subarray(0, length));
    this.#touch(inode, file.path);
    if (position === null) file.position = at + length;
    if (file.flags.sync) this.sync(file, call);
    return length;
  }

  truncate(file: OpenFile, size: number, call: Call): void {
    if (file.isClosed) throw new FileError("EBADF", call);
    if (file.inode.kind !== "file" || !file.flags.write) throw new FileError("EINVAL", call);
    this.#truncate(file.inode, size, file.path, call);
  }

  /** Makes durable what is pending: the bytes of a file, or the names in a folder. */
  sync(file: OpenFile, call: Call): void {
    const { inode, path } = file;
    if (file.isClosed) throw new FileError("EBADF", call);
    if (this.#happens("sync error", `sync ${path}`)) {
      if (inode.kind === "file") this.#dropPending(inode);
      if (inode.kind === "folder") this.tree.journal.forget(inode);
      throw new FileError("EIO", call);
    }
    const isPending = inode.kind === "file"
      ? inode.pending.length > 0
      : inode.kind === "folder" && this.tree.journal.has(inode);
    if (isPending && this.#happens("lying sync", `sync ${path}`)) return;
    if (inode.kind === "folder") this.tree.journal.sync(inode);
    if (inode.kind !== "file") return;
    inode.persist();
    this.#dirty.delete(inode);
  }

  /** The process has ended: what it had open is closed. What it has written stays. */
  closeAll(): void {
    for (const file of [...this.#open.values()]) this.close(file, { syscall: "close" });
    this.tree.watchers.closeAll();
  }

  /** Power is lost, and the disk is what that leaves of it. */
  powerLoss(choose: ChooseLoss): Loss {
    this.closeAll();
    const files = [...this.#dirty].sort((a, b) => a.ino - b.ino);
    const loss = losePower(files, this.tree.journal, choose);
    this.#dirty.clear();
    this.tree.used = 0;
    this.tree.recover(this.tree.root, new Set());
    return loss;
  }

  /** There is nothing on it any more. */
  wipe(): void {
    this.closeAll();
    this.#dirty.clear();
    this.tree = new Tree(this.#now);
  }

  /** 16 hexadecimal digits, the same for the same names and bytes, durable and not. */
  digest(): string {
    return digestOf(this.tree.root, this.tree.journal);
  }

  #happens(kind: DiskFault, what: string): boolean {
    return this.#decide(kind, what);
  }

  #fileOf(file: OpenFile, isAllowed: boolean, call: Call): FileInode {
    if (file.isClosed || !isAllowed) throw new FileError("EBADF", call);
    if (file.inode.kind !== "file") throw new FileError("EISDIR", call);
    return file.inode;
  }

  #faultRead(inode: FileInode, path: string, call: Call): void {
    if (this.#happens("read error", `read ${path}`)) throw new FileError("EIO", call);
    if (inode.live.size === 0 || !this.#happens("bit flip", `read ${path}`)) return;
    const [place, bit] = [mixed(inode.version) % inode.live.size, mixed(inode.live.size) % 8];
    inode.live.flipBit(place, bit);
    if (place < inode.durable.size) inode.durable.flipBit(place, bit);
    inode.version++;
  }

  #create(place: Place, { create, folder }: OpenFlags, mode: number, call: Call): FileInode {
    if (!create) throw new FileError("ENOENT", call);
    if (folder) throw new FileError("EISDIR", call);
    const inode = this.tree.newFile(mode);
    this.tree.change([[place, inode]]);
    return inode;
  }

  #truncate(inode: FileInode, size: number, path: string, call: Call): void {
    const grows = size - inode.live.size;
    if (grows > this.capacity - this.tree.used) throw new FileError("ENOSPC", call);
    this.tree.used += grows;
    inode.truncate(size);
    this.#touch(inode, path);
  }

  #touch(inode: FileInode, path: string): void {
    inode.times.modified = inode.times.changed = this.tree.now();
    if (inode.pending.length > 0) this.#dirty.add(inode);
    if (this.#dirty.size > mostDirty) this.#writeBackFirst();
    this.tree.watchers.tell("change", path);
  }

  #writeBackFirst(): void {
    const [first] = this.#dirty;
    first!.persist();
    this.#dirty.delete(first!);
  }

  #dropPending(inode: FileInode): void {
    inode.forget();
    this.#dirty.delete(inode);
  }

  /** Puts a file there, with the folders it is in. */
  #place(path: string, content: string | Uint8Array): void {
    const call: Call = { syscall: "open", path };
    const parts = path.split("/").slice(1);
    for (let length = 1; length < parts.length; length++) {
      const folder = `/${parts.slice(0, length).join("/")}`;
      if (lookUp(this.tree.root, folder, true, call).node === undefined) this.tree.mkdir(folder, 0o777, call);
    }
    const file = this.open(path, initially, 0o666, call);
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    if (bytes.byteLength > this.capacity - this.tree.used) throw new FileError("ENOSPC", call);
    this.tree.used += bytes.byteLength;
    (file.inode as FileInode).write(0, bytes);
    this.#dirty.add(file.inode as FileInode);
    this.close(file, call);
  }

  /** All that is pending becomes durable. */
  #writeBack(): void {
    for (const file of this.#dirty) file.persist();
    this.#dirty.clear();
    this.tree.journal.cut(() => true);
  }
}

const initially: OpenFlags = {
  read: false,
  write: true,
  append: false,
  create: true,
  exclusive: false,
  truncate: true,
  sync: false,
  folder: false,
};

/** Spreads small numbers over 32 bits. */
function mixed(number: number): number {
  let bits = Math.imul(number ^ 0x9e3779b9, 0x21f0aaad);
  bits = Math.imul(bits ^ (bits >>> 16), 0x735a2d97);
  return (bits ^ (bits >>> 15)) >>> 0;
}
