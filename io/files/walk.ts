/**
 * Walks through folders.
 *
 * @module
 */

import { checkBoolean, checkCount, checkFunction, checkOptions } from "../../runtime/basics/check.ts";
import { joinPath, type NodeFiles, nodeFiles } from "../../runtime/system/files.ts";
import { checkSignal } from "../../scheduler/scopes/foreign_signal.ts";
import { throwIfCancelled } from "../../scheduler/waits/sleep.ts";
import { abortable } from "../waits/abortable.ts";
import { plainPath } from "./path.ts";

/** What a walk finds. */
export interface WalkEntry {
  /** The path, beginning with the folder that was walked. */
  readonly path: string;
  /** The last part of the path. */
  readonly name: string;
  /** What it is; of a link, that it is one. */
  readonly kind: "file" | "directory" | "link" | "other";
}

/** How a walk is to go. */
export interface WalkOptions {
  /** Ends the walk when aborted; the iteration then throws the signal's reason itself. */
  signal?: AbortSignal;
  /** Folders for which this is true are given but not entered. */
  skip?: (entry: WalkEntry) => boolean;
  /** How many folders are read ahead at once; what is not asked for is not read further. Default: 8. */
  limit?: number;
  /** Enters folders that links lead to, each folder once, so that no loop of links traps the walk. Default: false. */
  followLinks?: boolean;
  /** Is told of folders and links that cannot be read, those that went while the walk did among them; the walk goes on. Default: they are passed over. */
  onError?: (error: unknown, path: string) => void;
}

/**
 * Gives everything below a folder, in order of names, each folder before what is in it; while some of it is looked at, the next few folders
 * are read. Links are given, and not followed unless that is asked for. Each folder is a checkpoint; nothing stays open, and what was begun
 * has ended when the loop is left. A folder is entered by its path: where others can write, that may lead elsewhere by then.
 *
 * @throws {TypeError} at the call, for arguments of a wrong kind.
 * @throws {Error} (from the iteration) with the system's code, such as "ENOENT", when the folder itself cannot be read.
 *
 * @example
 * ```ts
 * import { walk } from "@millrace/millrace/io";
 *
 * let files = 0;
 * for await (const entry of walk("io")) {
 *   if (entry.kind === "file") files++;
 * }
 * console.log(files > 0);
 * ```
 */
export function walk(folder: string | URL, options: WalkOptions = {}): AsyncIterableIterator<WalkEntry> {
  const root = plainPath(folder);
  checkOptions(options, "walk", ["signal", "skip", "limit", "followLinks", "onError"]);
  const { signal, skip, limit = 8, followLinks = false, onError } = options;
  checkSignal(signal);
  checkCount(limit, "limit", 1);
  if (skip !== undefined) checkFunction(skip, "skip");
  if (onError !== undefined) checkFunction(onError, "onError");
  checkBoolean(followLinks, "followLinks");
  return walkFrom(root, { signal, skip, limit, followLinks, onError });
}

interface Settings {
  readonly signal: AbortSignal | undefined;
  readonly skip: ((entry: WalkEntry) => boolean) | undefined;
  readonly limit: number;
  readonly followLinks: boolean;
  readonly onError: ((error: unknown, path: string) => void) | undefined;
}

/** What was read of a folder. */
interface Listing {
  /** Its path without links, where links are followed. */
  readonly real: string | undefined;
  /** Nothing for a link that leads to no folder. */
  readonly entries: readonly WalkEntry[];
}

/** A folder that is to be entered. */
interface Folder {
  readonly path: string;
  /** What is in it, once the reading has begun. */
  entries: Promise<Listing> | undefined;
  readonly isLink: boolean;
}

async function* walkFrom(root: string, settings: Settings): AsyncGenerator<WalkEntry, undefined> {
  const { signal, skip, limit, followLinks, onError } = settings;
  const files = nodeFiles();
  /** The next one last. */
  const folders: Folder[] = [{ path: root, entries: undefined, isLink: false }];
  /** The real paths of the folders that were entered, where links are followed: not when they were read, as that may be ahead. */
  const entered = new Set<string>();
  let ahead = 0;
  let current: Folder | undefined;
  function begin(folder: Folder): void {
    if (folder.entries !== undefined) return;
    ahead++;
    folder.entries = list(files, folder, followLinks);
    folder.entries.catch(() => {});
  }
  try {
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      current = folder;
      begin(folder);
      for (let at = folders.length - 1; at >= 0 && ahead < limit; at--) begin(folders[at]!);
      let found: readonly WalkEntry[] = [];
      try {
        const { real, entries } = await abortable(signal, `listing ${folder.path}`, () => current!.entries!);
        if (real === undefined || !entered.has(real)) found = entries;
        if (real !== undefined) entered.add(real);
      } catch (error) {
        throwIfCancelled();
        signal?.throwIfAborted();
        if (folder.path === root) throw error;
        onError?.(error, folder.path);
      }
      ahead--;
      const inner: Folder[] = [];
      for (const entry of found) {
        throwIfCancelled();
        signal?.throwIfAborted();
        yield entry;
        const isLink = followLinks && entry.kind === "link";
        if ((isLink || entry.kind === "directory") && !skip?.(entry)) {
          inner.push({ path: entry.path, entries: undefined, isLink });
        }
      }
      folders.push(...inner.reverse());
    }
  } finally {
    // Nothing that was begun outlives the walk.
    for (const folder of [current, ...folders]) await folder?.entries?.catch(() => {});
  }
}

async function list(files: NodeFiles, { path, isLink }: Folder, followLinks: boolean): Promise<Listing> {
  const real = followLinks ? await files.realpath(path) : undefined;
  if (isLink && !(await files.stat(path)).isDirectory()) return { real: undefined, entries: [] };
  const found = await files.readdir(path, { withFileTypes: true });
  found.sort((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
  const entries = found.map((entry): WalkEntry => ({
    path: joinPath(path, entry.name),
    name: entry.name,
    kind: entry.isDirectory() ? "directory" : entry.isFile() ? "file" : entry.isSymbolicLink() ? "link" : "other",
  }));
  return { real, entries };
}
