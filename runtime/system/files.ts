/**
 * Files of the host: Node's `fs`, which Deno and Bun have too.
 *
 * @module
 */

import { builtin } from "../hosts/common/node_process.ts";

/** An entry of a folder. */
export interface FolderEntry {
  readonly name: string;
  isDirectory(): boolean;
  isFile(): boolean;
  isSymbolicLink(): boolean;
}

/** An open file. */
export interface FileHandle {
  readonly fd: number;
  readFile(options: { signal: AbortSignal }): Promise<Uint8Array>;
  read(into: Uint8Array, offset: number, length: number, position: null): Promise<{ bytesRead: number }>;
  write(from: Uint8Array, offset: number, length: number): Promise<{ bytesWritten: number }>;
  chmod(mode: number): Promise<void>;
  chown(uid: number, gid: number): Promise<void>;
  /** Waits until what was written is on the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** What is known of an entry. */
export interface FileStat {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Which file of which disk it is. */
  readonly ino: number;
  readonly dev: number;
  isFile(): boolean;
  isDirectory(): boolean;
  isFIFO(): boolean;
  isSymbolicLink(): boolean;
}

/** The part of `node:fs/promises` that is used. */
export interface NodeFiles {
  open(path: string | URL, flags?: string, mode?: number): Promise<FileHandle>;
  rename(from: string, to: string): Promise<void>;
  rm(path: string, options: { force: boolean }): Promise<void>;
  readdir(path: string, options: { withFileTypes: true }): Promise<FolderEntry[]>;
  stat(path: string): Promise<FileStat>;
  lstat(path: string): Promise<FileStat>;
  /** What a link says. */
  readlink(path: string): Promise<string>;
  /** The path without links. */
  realpath(path: string): Promise<string>;
}

/** The folder that a path is in, and the last part of the path. */
export function splitPath(path: string): { folder: string; name: string } {
  const { dirname, basename } = builtin<{ dirname(path: string): string; basename(path: string): string }>("node:path");
  return { folder: dirname(path), name: basename(path) };
}

/** The host's files, as they are now: a simulation puts others in their place, and an import would keep what it was bound to. */
export function nodeFiles(): NodeFiles {
  return builtin<{ promises: NodeFiles }>("node:fs").promises;
}

/** The path that a `file:` URL stands for, as the system writes it. */
export function pathOfUrl(url: URL): string {
  return builtin<{ fileURLToPath(url: URL): string }>("node:url").fileURLToPath(url);
}

/** A name that nobody else uses, for a file that is being made. */
export function uniqueName(): string {
  return builtin<{ randomUUID(): string }>("node:crypto").randomUUID();
}

/** Does a path begin at the root? */
export function isAbsolutePath(path: string): boolean {
  return builtin<{ isAbsolute(path: string): boolean }>("node:path").isAbsolute(path);
}

/** A path with one more part; every host takes `/` as the separator. */
export function joinPath(folder: string, name: string): string {
  return folder.endsWith("/") || folder.endsWith("\\") ? folder + name : `${folder}/${name}`;
}
