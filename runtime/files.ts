/**
 * Files of the host: Node's `fs`, which Deno and Bun have too.
 *
 * @module
 */

import { builtin } from "./hosts/shared.ts";

/** An entry of a folder. */
export interface FolderEntry {
  readonly name: string;
  isDirectory(): boolean;
  isFile(): boolean;
  isSymbolicLink(): boolean;
}

/** An open file. */
export interface FileHandle {
  read(into: Uint8Array, offset: number, length: number, position: null): Promise<{ bytesRead: number }>;
  close(): Promise<void>;
}

/** The part of `node:fs/promises` that is used. */
export interface NodeFiles {
  readFile(path: string | URL, options: { signal: AbortSignal }): Promise<Uint8Array>;
  open(path: string | URL): Promise<FileHandle>;
  writeFile(
    path: string,
    content: string | Uint8Array,
    options: { signal: AbortSignal; mode: number; flag?: string; flush?: boolean },
  ): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  rm(path: string, options: { force: boolean }): Promise<void>;
  readdir(path: string, options: { withFileTypes: true }): Promise<FolderEntry[]>;
}

/** The host's files; loaded when first needed, so that nothing of Node's is touched in a browser. */
export async function nodeFiles(): Promise<NodeFiles> {
  return await import("node:fs/promises") as unknown as NodeFiles;
}

/** The path that a `file:` URL stands for, as the system writes it. */
export function pathOfUrl(url: URL): string {
  return builtin<{ fileURLToPath(url: URL): string }>("node:url").fileURLToPath(url);
}

/** A name that nobody else uses, for a file that is being made. */
export function uniqueName(): string {
  return builtin<{ randomUUID(): string }>("node:crypto").randomUUID().slice(0, 13);
}

/** A path with one more part; every host takes `/` as the separator. */
export function joinPath(folder: string, name: string): string {
  return folder.endsWith("/") || folder.endsWith("\\") ? folder + name : `${folder}/${name}`;
}
