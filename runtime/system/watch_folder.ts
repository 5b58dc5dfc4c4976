/**
 * What the host tells of a folder.
 *
 * @module
 */

import { builtin } from "../hosts/common/node_process.ts";
import type { FileStat } from "./files.ts";

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
  const root = resolve(folder);
  const watcher = deno.watchFs(root, { recursive });
  void (async () => {
    for await (const { paths, flag } of watcher) {
      if (flag === "rescan") listener.lost();
      else for (const path of paths) listener.changed(nameBelow(root, path));
    }
  })().catch((error) => listener.failed(withAdvice(error, folder)));
  return watcher;
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
