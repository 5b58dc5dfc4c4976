/**
 * Node's functions for files, by path: what each does to a disk at one instant.
 *
 * @module
 */

import type { SimulatedDisk } from "../disk/disk.ts";
import { type Call, FileError } from "../disk/errors.ts";
import type { FolderInode, Inode } from "../disk/inode.ts";
import { absolute, joined, lookUp } from "../disk/lookup.ts";
import { type FlagNumbers, type OpenFile, type OpenFlags, openFlags } from "../disk/open_file.ts";
import { builtin } from "../../hosts/common/node_process.ts";
import { inEncoding, lengthOf, modeOf, optionsOf, pathOf, timeOf } from "./arguments.ts";
import { bigStats, SimulatedDirent, SimulatedStats } from "./stats.ts";

/** What a function does to a disk. */
export type DiskCall = (disk: SimulatedDisk, ...args: unknown[]) => unknown;

interface Constants extends FlagNumbers {
  readonly X_OK: number;
  readonly COPYFILE_EXCL: number;
}

export function constants(): Constants {
  return builtin<{ constants: Constants }>("node:fs").constants;
}

/** Opens a file as `fs.open` takes it. */
export function openAt(disk: SimulatedDisk, path: unknown, flags: unknown, mode: unknown, syscall = "open"): OpenFile {
  const at = pathOf(path);
  return disk.open(at, openFlags(flags ?? "r", constants()), modeOf(mode, 0o666), { syscall, path: at });
}

/** Uses a file that is opened for it. */
function withFile<R>(disk: SimulatedDisk, path: unknown, flags: string, use: (file: OpenFile, call: Call) => R): R {
  const file = openAt(disk, path, flags, undefined);
  try {
    return use(file, { syscall: "open", path: file.path });
  } finally {
    disk.close(file, { syscall: "close" });
  }
}

function statOf(inode: Inode, options: unknown): object {
  const stats = new SimulatedStats(inode);
  return optionsOf<{ bigint?: boolean }>(options).bigint === true ? bigStats(stats) : stats;
}

function statAt(disk: SimulatedDisk, path: unknown, options: unknown, follow: boolean, syscall: string): unknown {
  const at = pathOf(path);
  try {
    return statOf(disk.tree.find(at, follow, { syscall, path: at }), options);
  } catch (error) {
    const { throwIfNoEntry } = optionsOf<{ throwIfNoEntry?: boolean }>(options);
    if (throwIfNoEntry !== false || (error as FileError).code !== "ENOENT") throw error;
    return undefined;
  }
}

/** What a folder has, sorted. */
export function entriesOf(disk: SimulatedDisk, path: unknown, syscall: string): SimulatedDirent[] {
  const at = pathOf(path);
  const folder = disk.tree.find(at, true, { syscall, path: at });
  if (folder.kind !== "folder") throw new FileError("ENOTDIR", { syscall, path: at });
  return [...folder.entries].sort(([a], [b]) => a < b ? -1 : 1).map(([name, inode]) =>
    new SimulatedDirent(name, at, inode)
  );
}

function readdir(disk: SimulatedDisk, path: unknown, options?: unknown): unknown {
  const { withFileTypes, recursive, encoding } = optionsOf<{ withFileTypes?: boolean; recursive?: boolean }>(options);
  const root = pathOf(path);
  const found: { name: string; entry: SimulatedDirent }[] = [];
  const folders = [""];
  for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) {
    const at = folder === "" ? root : joined(root, folder);
    for (const entry of entriesOf(disk, at, "scandir")) {
      const name = folder === "" ? entry.name : `${folder}/${entry.name}`;
      found.push({ name, entry });
      if (recursive === true && entry.isDirectory()) folders.push(name);
    }
  }
  if (withFileTypes === true) return found.map(({ entry }) => entry);
  return found.map(({ name }) => encoding === "buffer" ? inEncoding(new TextEncoder().encode(name), encoding) : name);
}

/** What a path leads to; a link itself if that leads to nothing. */
function shownAt(disk: SimulatedDisk, path: string, call: Call): Inode | undefined {
  const { node } = lookUp(disk.tree.root, path, false, call);
  if (node?.kind !== "link") return node;
  try {
    return disk.tree.find(path, true, call);
  } catch (error) {
    if ((error as FileError).code !== "ENOENT") throw error;
    return node;
  }
}

function mkdir(disk: SimulatedDisk, path: unknown, options?: unknown): string | undefined {
  const at = pathOf(path);
  const { recursive, mode } = typeof options === "object" && options !== null
    ? options as { recursive?: boolean; mode?: unknown }
    : { mode: options };
  const call: Call = { syscall: "mkdir", path: at };
  const bits = modeOf(mode, 0o777);
  if (recursive !== true) return void disk.tree.mkdir(at, bits, call);
  const parts = at.split("/").filter((part) => part !== "");
  let first: string | undefined;
  let folder = at.startsWith("/") ? "" : ".";
  for (const part of parts) {
    folder = `${folder}/${part}`;
    const node = shownAt(disk, folder, call);
    if (node?.kind === "folder") continue;
    const isLast = part === parts.at(-1) && folder.split("/").length === parts.length + 1;
    if (node?.kind === "link") throw new FileError(isLast ? "ENOENT" : "ENOTDIR", call);
    if (node !== undefined) throw new FileError(isLast && !at.endsWith("/") ? "EEXIST" : "ENOTDIR", call);
    disk.tree.mkdir(folder, bits, call);
    first ??= folder.replace(/^\.\//, "/");
  }
  return first;
}

function rm(disk: SimulatedDisk, path: unknown, options?: unknown): void {
  const at = pathOf(path);
  const { recursive, force } = (options ?? {}) as { recursive?: boolean; force?: boolean };
  const { node } = lookUpForced(disk, at, force === true);
  if (node === undefined) return;
  if (node.kind !== "folder") return disk.tree.unlink(at, { syscall: "rm", path: at });
  if (recursive !== true) throw systemError("ERR_FS_EISDIR", "rm", at);
  if (/(?:^|\/)\.\/*$/.test(at)) throw new FileError("EINVAL", { syscall: "rm", path: at });
  removeAll(disk, node, at);
}

function lookUpForced(disk: SimulatedDisk, path: string, force: boolean): { node: Inode | undefined } {
  try {
    return { node: disk.tree.find(path, false, { syscall: "lstat", path }) };
  } catch (error) {
    if (force && (error as FileError).code === "ENOENT") return { node: undefined };
    throw error;
  }
}

function removeAll(disk: SimulatedDisk, folder: FolderInode, path: string): void {
  for (const [name, node] of [...folder.entries]) {
    const inner = joined(path, name);
    if (node.kind === "folder") removeAll(disk, node, inner);
    else disk.tree.unlink(inner, { syscall: "unlink", path: inner });
  }
  disk.tree.rmdir(path, { syscall: "rmdir", path });
}

/** What Node itself says of a path that a call does not take. */
function systemError(code: "ERR_FS_EISDIR" | "ERR_FS_CP_EEXIST", syscall: string, path: string): Error {
  const isFolder = code === "ERR_FS_EISDIR";
  const error = new Error(
    isFolder
      ? `Path is a directory: ${syscall} returned EISDIR (is a directory) ${path}`
      : `Target already exists: ${syscall} returned EEXIST (file already exists) ${path}`,
  );
  error.name = "SystemError";
  return Object.assign(error, { code, errno: isFolder ? 21 : 17, syscall, path });
}

function copyFile(disk: SimulatedDisk, from: unknown, to: unknown, mode?: unknown): void {
  const [path, dest] = [pathOf(from, "src"), pathOf(to, "dest")];
  const call: Call = { syscall: "copyfile", path, dest };
  const source = disk.open(path, openFlags("r", constants()), 0, call);
  try {
    const flags: OpenFlags = {
      ...openFlags("w", constants()),
      exclusive: (Number(mode ?? 0) & constants().COPYFILE_EXCL) !== 0,
      truncate: false,
    };
    const target = disk.open(dest, flags, source.inode.mode, call);
    try {
      // Onto itself it stays as it is.
      if (target.inode === source.inode) return;
      disk.truncate(target, 0, call);
      if (source.inode.kind !== "file") {
        // What it has made by then is taken away.
        disk.tree.unlink(dest, call);
        throw new FileError("EISDIR", call);
      }
      writeAll(disk, target, disk.readAll(source, call), null, call);
    } finally {
      disk.close(target, call);
    }
  } finally {
    disk.close(source, call);
  }
}

/** Copies a file, a link, or a folder with all that is in it. */
function cp(disk: SimulatedDisk, from: unknown, to: unknown, options?: unknown): void {
  const [path, dest] = [pathOf(from, "src"), pathOf(to, "dest")];
  const { recursive, force, errorOnExist } = (options ?? {}) as CopyOptions;
  const call: Call = { syscall: "cp", path, dest };
  const node = disk.tree.find(path, false, call);
  if (node.kind === "folder" && recursive !== true) throw systemError("ERR_FS_EISDIR", "cp", path);
  const target = absolute(dest);
  mkdir(disk, target.slice(0, Math.max(1, target.lastIndexOf("/"))), { recursive: true });
  const there = lookUp(disk.tree.root, dest, false, call).node;
  if (node.kind === "folder") {
    if (there === undefined) mkdir(disk, dest, { recursive: true, mode: node.mode });
    for (const name of [...node.entries.keys()]) cp(disk, joined(path, name), joined(dest, name), options);
    return;
  }
  if (there !== undefined && force === false) {
    if (errorOnExist === true) throw systemError("ERR_FS_CP_EEXIST", "cp", dest);
    return;
  }
  if (node.kind === "file") return copyFile(disk, path, dest);
  if (there !== undefined) disk.tree.unlink(dest, call);
  disk.tree.symlink(node.to, dest, call);
}

interface CopyOptions {
  readonly recursive?: boolean;
  readonly force?: boolean;
  readonly errorOnExist?: boolean;
}

/** Writes all of it, whatever the disk takes at once. */
export function writeAll(
  disk: SimulatedDisk,
  file: OpenFile,
  bytes: Uint8Array,
  position: number | null,
  call: Call,
): void {
  for (let done = 0; done < bytes.byteLength;) {
    done += disk.write(file, bytes.subarray(done), position === null ? null : position + done, call);
  }
}

/** Six letters and digits that no other name ends in. */
export function nameEnd(disk: SimulatedDisk): string {
  return disk.nextName().toString(36).padStart(6, "0").slice(-6);
}

function mkdtemp(disk: SimulatedDisk, prefix: unknown, _options?: unknown): string {
  const text = pathOf(prefix, "prefix");
  // Every system has a folder for these.
  if (text.startsWith("/tmp/")) mkdir(disk, "/tmp", { recursive: true });
  for (;;) {
    const path = text + nameEnd(disk);
    const call: Call = { syscall: "mkdtemp", path: `${text}XXXXXX` };
    if (lookUp(disk.tree.root, path, false, call).node !== undefined) continue;
    disk.tree.mkdir(path, 0o700, call);
    return path;
  }
}

function access(disk: SimulatedDisk, path: unknown, mode?: unknown): void {
  const at = pathOf(path);
  const call: Call = { syscall: "access", path: at };
  const inode = disk.tree.find(at, true, call);
  const runs = (Number(mode ?? 0) & constants().X_OK) !== 0;
  if (runs && inode.kind === "file" && (inode.mode & 0o111) === 0) throw new FileError("EACCES", call);
}

function readlink(disk: SimulatedDisk, path: unknown, options?: unknown): unknown {
  const at = pathOf(path);
  const call: Call = { syscall: "readlink", path: at };
  const inode = disk.tree.find(at, false, call);
  if (inode.kind !== "link") throw new FileError("EINVAL", call);
  const { encoding } = optionsOf(options);
  return encoding === "buffer" ? inEncoding(new TextEncoder().encode(inode.to), encoding) : inode.to;
}

/** A function that changes what is known of a file. */
function changing(
  syscall: string,
  follow: boolean,
  change: (disk: SimulatedDisk, inode: Inode, args: unknown[]) => void,
): DiskCall {
  return (disk, path, ...args) => {
    const at = pathOf(path);
    change(disk, disk.tree.find(at, follow, { syscall, path: at }), args);
  };
}

export function chmodOf(disk: SimulatedDisk, inode: Inode, [mode]: unknown[]): void {
  disk.tree.chmod(inode, modeOf(mode, NaN));
}

export function chownOf(disk: SimulatedDisk, inode: Inode, [uid, gid]: unknown[]): void {
  disk.tree.chown(inode, Number(uid), Number(gid));
}

export function timesOf(disk: SimulatedDisk, inode: Inode, [accessed, modified]: unknown[]): void {
  disk.tree.setTimes(inode, timeOf(accessed), timeOf(modified));
}

/** All of them, by their name in `node:fs/promises`; what a path is opened for, the faces do. */
export const pathCalls: Readonly<Record<string, DiskCall>> = {
  access,
  chmod: changing("chmod", true, chmodOf),
  chown: changing("chown", true, chownOf),
  copyFile,
  cp,
  lchown: changing("lchown", false, chownOf),
  link(disk, from, to) {
    const [path, dest] = [pathOf(from, "existingPath"), pathOf(to, "newPath")];
    disk.tree.link(path, dest, { syscall: "link", path, dest });
  },
  lstat: (disk, path, options) => statAt(disk, path, options, false, "lstat"),
  lutimes: changing("lutime", false, timesOf),
  mkdir,
  mkdtemp,
  readdir,
  readlink,
  realpath: (disk, path) => disk.tree.realPath(pathOf(path), { syscall: "realpath", path: pathOf(path) }),
  rename(disk, from, to) {
    const [path, dest] = [pathOf(from, "oldPath"), pathOf(to, "newPath")];
    disk.tree.rename(path, dest, { syscall: "rename", path, dest });
  },
  rm,
  rmdir: (disk, path) => disk.tree.rmdir(pathOf(path), { syscall: "rmdir", path: pathOf(path) }),
  stat: (disk, path, options) => statAt(disk, path, options, true, "stat"),
  symlink(disk, to, at) {
    const [path, dest] = [pathOf(to, "target"), pathOf(at)];
    disk.tree.symlink(path, dest, { syscall: "symlink", path, dest });
  },
  truncate: (disk, path, length) =>
    withFile(disk, path, "r+", (file) => disk.truncate(file, lengthOf(length), { syscall: "ftruncate" })),
  unlink: (disk, path) => disk.tree.unlink(pathOf(path), { syscall: "unlink", path: pathOf(path) }),
  utimes: changing("utime", true, timesOf),
};
