/**
 * A number for all that is on a disk.
 *
 * @module
 */

import type { FileInode, FolderInode, Inode } from "./inode.ts";
import type { Journal } from "./journal.ts";

/** What was found of a file, as long as it is the same. */
interface Known {
  readonly version: number;
  readonly digest: number;
}

const known = new WeakMap<FileInode, Known>();

/** FNV-1a in 32 bits, twice with different beginnings. */
class Digest {
  #low = 0x811c9dc5;
  #high = 0x01234567;

  byte(value: number): void {
    this.#low = Math.imul(this.#low ^ value, 0x01000193);
    this.#high = Math.imul(this.#high ^ value, 0x01000193) ^ (this.#high >>> 15);
  }

  number(value: number): void {
    const [low, high] = [value >>> 0, Math.floor(value / 2 ** 32) >>> 0];
    for (const part of [low, high]) for (let shift = 0; shift < 32; shift += 8) this.byte((part >>> shift) & 0xff);
  }

  bytes(bytes: Uint8Array): void {
    this.number(bytes.byteLength);
    for (const value of bytes) this.byte(value);
  }

  text(text: string): void {
    this.number(text.length);
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      this.byte(unit & 0xff);
      this.byte(unit >>> 8);
    }
  }

  get small(): number {
    return (this.#low ^ this.#high) >>> 0;
  }

  toString(): string {
    return [this.#high, this.#low].map((part) => (part >>> 0).toString(16).padStart(8, "0")).join("");
  }
}

/** 16 hexadecimal digits, the same for the same names, bytes and permissions, durable and not; times are left out. */
export function digestOf(root: FolderInode, journal: Journal): string {
  const digest = new Digest();
  const seen = new Map<Inode, number>();
  addNode(digest, root, seen);
  digest.number(journal.pending.length);
  for (const { changes } of journal.pending) {
    for (const { name, node } of changes) {
      digest.text(name);
      if (node === undefined) digest.byte(0);
      else addNode(digest, node, seen);
    }
  }
  return digest.toString();
}

function addNode(digest: Digest, node: Inode, seen: Map<Inode, number>): void {
  const before = seen.get(node);
  digest.number(before ?? seen.size);
  if (before !== undefined) return;
  seen.set(node, seen.size);
  digest.text(node.kind);
  digest.number(node.mode);
  if (node.kind === "link") digest.text(node.to);
  if (node.kind === "file") digest.number(digestOfFile(node));
  if (node.kind !== "folder") return;
  for (const entries of [node.entries, node.durable]) {
    digest.number(entries.size);
    for (const name of [...entries.keys()].sort()) {
      digest.text(name);
      addNode(digest, entries.get(name)!, seen);
    }
  }
}

function digestOfFile(file: FileInode): number {
  const before = known.get(file);
  if (before?.version === file.version) return before.digest;
  const digest = new Digest();
  digest.bytes(file.live.bytes);
  digest.bytes(file.durable.bytes);
  digest.number(file.pending.length);
  for (const change of file.pending) {
    digest.text(change.kind);
    digest.number(change.kind === "write" ? change.at : change.size);
    if (change.kind === "write") digest.bytes(change.bytes);
  }
  known.set(file, { version: file.version, digest: digest.small });
  return digest.small;
}
