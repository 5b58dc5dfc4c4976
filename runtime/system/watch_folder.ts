/**
 * What the host tells of a folder.
 *
 * @module
 */

import { builtin } from "../hosts/common/node_process.ts";
import { type FileStat, type FolderEntry, joinPath } from "./files.ts";

/** What watches a path. */
export interface FolderWatcher {
  close(): void;
}

/** Who is told. */
export interface FolderListener {
  /** The name of what has changed in the folder; without one, the folder itself. */
  changed(name: string | undefined): void;
  /** More has happened than the host has told. */
  lost(): void;
  failed(error: unknown): void;
}

interface NodeWatcher extends FolderWatcher {
  on(event: "error", listener: (error: Error) => void): void;
}

interface NodeFileSystem {
  statSync(path: string): FileStat;
  watch(
    path: string,
    options: { recursive: boolean },
    listener: (event: string, name: string | null | undefined) => void,
  ): NodeWatcher;
}

interface DenoEvent {
  readonly kind: string;
  readonly paths: readonly string[];
  readonly flag?: string | null;
}

interface DenoFiles {
  watchFs(path: string, options: { recursive: boolean }): AsyncIterable<DenoEvent> & FolderWatcher;
}

/** Is it a folder? Throws the system's error for what is not there. */
export function isFolder(path: string): boolean {
  return builtin<NodeFileSystem>("node:fs").statSync(path).isDirectory();
}

/** Tells of whatever changes in a folder. */
export function watchFolder(folder: string, recursive: boolean, listener: FolderListener): FolderWatcher {
  const { Deno } = globalThis as unknown as { Deno?: DenoFiles };
  try {
    return typeof Deno?.watchFs === "function"
      ? watchOnDeno(Deno, folder, recursive, listener)
      : watchByNode(folder, recursive, listener);
  } catch (error) {
    throw withAdvice(error, folder);
  }
}

/**
 * The system keeps so many events for a process, 16384 by default, and forgets what comes then; Node does not hand on that it did. When half
 * of them come at once, some may have been lost: others in the process have watches too, and part of the events.
 */
const mostAtOnce = 8192;
/** How many came, of all watches, since the host polled last. */
let atOnce = 0;

function watchByNode(folder: string, recursive: boolean, listener: FolderListener): FolderWatcher {
  const watcher = builtin<NodeFileSystem>("node:fs").watch(folder, { recursive }, (_event, name) => {
    if (atOnce === 0) builtin<{ setImmediate(fn: () => void): void }>("node:timers").setImmediate(() => atOnce = 0);
    if (++atOnce >= mostAtOnce) listener.lost();
    listener.changed(name || undefined);
  });
  watcher.on("error", (error) => listener.failed(withAdvice(error, folder)));
  return watcher;
}

/** What Deno has for Node's programs tells a loss as a change of the folder. */
function watchOnDeno(deno: DenoFiles, folder: string, recursive: boolean, listener: FolderListener): FolderWatcher {
  const { resolve } = builtin<{ resolve(path: string): string }>("node:path");
  const { setTimeout, clearTimeout } = builtin<NodeTimers>("node:timers");
  const root = resolve(folder);
  const watcher = deno.watchFs(root, { recursive });
  /** Folders that are new, and have their own watch only a moment later: what was put into them before nobody tells. */
  let fresh: string[] = [];
  let timer: unknown;
  function look(): void {
    timer = undefined;
    const found = fresh;
    fresh = [];
    void namesIn(found).then((paths) => {
      if (paths === undefined) listener.lost();
      else for (const path of paths) listener.changed(nameBelow(root, path));
    });
  }
  void (async () => {
    for await (const { kind, paths, flag } of watcher) {
      if (flag === "rescan") {
        listener.lost();
        continue;
      }
      for (const path of paths) listener.changed(nameBelow(root, path));
      if (!recursive || kind !== "create") continue;
      fresh.push(...paths);
      timer ??= setTimeout(look, untilWatched);
    }
  })().catch((error) => listener.failed(withAdvice(error, folder)));
  return {
    close() {
      clearTimeout(timer);
      watcher.close();
    },
  };
}

interface NodeTimers {
  setTimeout(fn: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
}

/** After so many ms a new folder is watched itself. */
const untilWatched = 50;
/** So many things in new folders are told one by one. */
const mostFound = 10_000;

/** All that is in the folders among some paths, and below; `undefined` for too much. */
async function namesIn(paths: readonly string[]): Promise<string[] | undefined> {
  const { readdir } = builtin<{ readdir(path: string, options: { withFileTypes: true }): Promise<FolderEntry[]> }>(
    "node:fs/promises",
  );
  const found: string[] = [];
  const open = [...paths];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    // Most are files, and some are gone.
    const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const inner = joinPath(path, entry.name);
      found.push(inner);
      if (entry.isDirectory()) open.push(inner);
    }
    if (found.length + open.length > mostFound) return undefined;
  }
  return found;
}

function nameBelow(root: string, path: string): string | undefined {
  const isBelow = path.startsWith(root) && path.length > root.length;
  return isBelow ? path.slice(root.length).replace(/^[/\\]/, "") : undefined;
}

/** The error of a system that lets nobody watch more, with what to do about it. */
export function withAdvice(error: unknown, folder: string): unknown {
  const { code, message } = error as { code?: string; message?: string };
  const isFull = code === "ENOSPC" || /os error 28\b|ENOSPC|watch limit reached/.test(String(message));
  const isUsedUp = code === "EMFILE" || /os error 24\b|EMFILE/.test(String(message));
  if (!isFull && !isUsedUp) return error;
  const limit = isFull
    ? "fs.inotify.max_user_watches"
    : "fs.inotify.max_user_instances (or that of open files, see ulimit -n)";
  const why = `Cannot watch ${folder}: the system's limit for this user is reached; raise ${limit}`;
  return Object.assign(new Error(why, { cause: error }), { code: isFull ? "ENOSPC" : "EMFILE" });
}
