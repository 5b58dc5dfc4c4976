/**
 * From a path to what it leads to.
 *
 * @module
 */

import { type Call, FileError } from "./errors.ts";
import type { FolderInode, Inode } from "./inode.ts";

/** Where a path leads. */
export interface Place {
  /** The folder that its last part is in. */
  readonly folder: FolderInode;
  /** The last part; "" where that is a folder by itself: the root, "." or "..". */
  readonly name: string;
  /** What is there, if anything is. */
  readonly node: Inode | undefined;
  /** Can only a folder be meant? */
  readonly isFolder: boolean;
}

/** As many links as Linux follows. */
const mostLinks = 40;
const longestName = 255;

/** Follows a path, and a link at its end if `follow` says so, or if a slash after it does. */
export function lookUp(root: FolderInode, path: string, follow: boolean, call: Call): Place {
  const place = walk(root, path, follow, true, call);
  if (place.isFolder && place.node !== undefined && place.node.kind !== "folder") throw new FileError("ENOTDIR", call);
  return place;
}

/** Follows a path to a name that is to stand for something else; a slash after it does not let a link be followed. */
export function lookUpName(root: FolderInode, path: string, call: Call, follow: boolean = false): Place {
  return walk(root, path, follow, false, call);
}

function walk(root: FolderInode, path: string, follow: boolean, followSlash: boolean, call: Call): Place {
  if (path === "") throw new FileError("ENOENT", call);
  let parts = partsOf(path);
  let folder = root;
  let links = 0;
  let isFolder = path.endsWith("/");
  while (parts.length > 0) {
    const name = parts.shift()!;
    const isLast = parts.length === 0;
    if (name === "." || name === "..") {
      if (name === "..") folder = folder.parent;
      continue;
    }
    if (byteLength(name) > longestName) throw new FileError("ENAMETOOLONG", call);
    const node = folder.entries.get(name);
    if (node?.kind === "link" && (!isLast || (isFolder ? followSlash : follow))) {
      if (++links > mostLinks) throw new FileError("ELOOP", call);
      parts = [...partsOf(node.to), ...parts];
      if (node.to.startsWith("/")) folder = root;
      if (isLast) isFolder ||= node.to.endsWith("/");
      continue;
    }
    if (isLast) return { folder, name, node, isFolder };
    if (node === undefined) throw new FileError("ENOENT", call);
    if (node.kind !== "folder") throw new FileError("ENOTDIR", call);
    folder = node;
  }
  return { folder: folder.parent, name: "", node: folder, isFolder: true };
}

/** What is at the end of a path; fails for what is not there. */
export function find(root: FolderInode, path: string, follow: boolean, call: Call): Inode {
  const { node } = lookUp(root, path, follow, call);
  if (node === undefined) throw new FileError("ENOENT", call);
  return node;
}

/** The path of a folder, without links. */
export function pathTo(folder: FolderInode): string {
  const parts: string[] = [];
  for (let at = folder; at.parent !== at; at = at.parent) parts.unshift(at.name);
  return `/${parts.join("/")}`;
}

/** A path with one more part. */
export function joined(folder: string, name: string): string {
  return folder.endsWith("/") ? folder + name : `${folder}/${name}`;
}

/** A path from the root on, without "." and ".."; links are not followed. */
export function absolute(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "");
}

function byteLength(text: string): number {
  return text.length * 3 <= longestName ? text.length : new TextEncoder().encode(text).byteLength;
}
