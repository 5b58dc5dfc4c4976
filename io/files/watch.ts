/**
 * Watching files and folders.
 *
 * ```
 *   the host tells of a path ──> gathered, each path once ──delay──> ready ──next()──> looked at: "change" or "remove"
 *                                    └──more than queueLimit──> dropped; "overflow" comes after those that are ready
 * ```
 *
 * @module
 */

import { checkBoolean, checkCount, checkDuration, checkOptions } from "../../runtime/basics/check.ts";
import { joinPath, nodeFiles, splitPath } from "../../runtime/system/files.ts";
import { type FolderWatcher, isFolder, watchFolder } from "../../runtime/system/watch_folder.ts";
import { loop } from "../../scheduler/queue/loop.ts";
import { currentScope } from "../../scheduler/scopes/current_scope.ts";
import { checkSignal, onAbort } from "../../scheduler/scopes/foreign_signal.ts";
import { throwIfCancelled } from "../../scheduler/waits/sleep.ts";
import { Wait } from "../../scheduler/waits/wait.ts";
import { plainPath } from "./path.ts";

/** What a watch tells. */
export interface WatchEvent {
  /**
   * "change": something is there that is new or was changed; "remove": it is there no more; "overflow": more has happened than the queue
   * has room for, so that what is kept of the folder is to be read afresh.
   */
  readonly kind: "change" | "remove" | "overflow";
  /** The path, beginning with the one that is watched. */
  readonly path: string;
}

/** How a path is to be watched. */
export interface WatchOptions {
  /** Watches the folders below it too, those that are made later as well. Default: false. */
  recursive?: boolean;
  /** How long changes of a path are gathered before they are told as one, in ms. Default: 20. */
  delay?: number;
  /** How many paths wait to be taken; past it an "overflow" tells that some were dropped. Default: 1024. */
  queueLimit?: number;
  /** Ends the watch when aborted; the iteration then throws the signal's reason itself. */
  signal?: AbortSignal;
}

/**
 * The changes of a file, or of what is in a folder, from the call on. Hosts tell of one change once, twice or six times, and call it by
 * different names; here a path comes once for all that happened to it until it was taken, and what became of it is looked up then. A
 * file is watched by its name, so that one that is put in its place counts as a change. When the folder itself is removed, that is the
 * last event. Leaving the loop, or a cancellation, ends the watch.
 *
 * @throws {TypeError} or {RangeError} at the call, for arguments of a wrong kind or range.
 * @throws {Error} (from the iteration) with the system's code, such as "ENOENT".
 *
 * @example
 * ```ts
 * import { watch, writeFile } from "@millrace/millrace/io";
 * import { mkdtempSync } from "node:fs";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 *
 * const folder = mkdtempSync(join(tmpdir(), "millrace-"));
 * const changes = watch(folder);
 * await writeFile(join(folder, "settings.json"), "{}");
 * for await (const { kind, path } of changes) {
 *   console.log(kind, path === join(folder, "settings.json"));
 *   break;
 * }
 * // -> change true
 * ```
 */
export function watch(path: string | URL, options: WatchOptions = {}): AsyncIterableIterator<WatchEvent> {
  const root = plainPath(path);
  checkOptions(options, "watch", ["recursive", "delay", "queueLimit", "signal"]);
  const { recursive = false, delay = 20, queueLimit = 1024, signal } = options;
  checkBoolean(recursive, "recursive");
  checkDuration(delay, "The delay of a watch");
  checkCount(queueLimit, "queueLimit", 1);
  checkSignal(signal);
  return new Watch(root, recursive, delay, queueLimit, signal);
}

class Watch implements AsyncIterableIterator<WatchEvent> {
  readonly #root: string;
  readonly #delay: number;
  readonly #queueLimit: number;
  readonly #leaveSignal: (() => void) | undefined;
  readonly #gathered = new Set<string>();
  readonly #ready = new Set<string>();
  #overflowed = false;
  #timer: { cancel(): void } | undefined = undefined;
  readonly #waits = new Set<Wait<void>>();
  #watcher: FolderWatcher | undefined = undefined;
  #isFolder = false;
  #failure: { error: unknown } | undefined = undefined;
  #over = false;

  constructor(root: string, recursive: boolean, delay: number, queueLimit: number, signal: AbortSignal | undefined) {
    this.#root = root;
    this.#delay = delay;
    this.#queueLimit = queueLimit;
    this.#leaveSignal = signal && onAbort(signal, (reason) => this.#fail(reason));
    if (!this.#over) this.#begin(recursive);
  }

  async next(): Promise<IteratorResult<WatchEvent, undefined>> {
    try {
      throwIfCancelled();
      while (this.#ready.size === 0 && !this.#overflowed && !this.#over) {
        const wait: Wait<void> = new Wait(currentScope(), () => this.#waits.delete(wait), `a change of ${this.#root}`);
        this.#waits.add(wait);
        await wait.promise;
      }
      if (this.#failure !== undefined) throw this.#failure.error;
      for (const path of this.#ready) {
        this.#ready.delete(path);
        return { done: false, value: await this.#look(path) };
      }
    } catch (error) {
      this.#close();
      throw error;
    }
    if (this.#over) return { done: true, value: undefined };
    this.#overflowed = false;
    return { done: false, value: { kind: "overflow", path: this.#root } };
  }

  return(): Promise<IteratorResult<WatchEvent, undefined>> {
    this.#close();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<WatchEvent> {
    return this;
  }

  #begin(recursive: boolean): void {
    const told = { lost: () => this.#lost(), failed: (error: unknown) => this.#fail(error) };
    try {
      this.#isFolder = isFolder(this.#root);
      if (this.#isFolder) {
        this.#watcher = watchFolder(this.#root, recursive, {
          ...told,
          changed: (name) => this.#heard(name === undefined ? this.#root : joinPath(this.#root, name)),
        });
      } else {
        // Whoever writes a file whole puts another in its place, which a watch on the file itself would not see.
        const { folder, name } = splitPath(this.#root);
        this.#watcher = watchFolder(folder, false, {
          ...told,
          changed: (changed) => changed === name && this.#heard(this.#root),
        });
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The host does not know what has happened. */
  #lost(): void {
    if (this.#over) return;
    this.#overflowed = true;
    this.#timer ??= loop().timers.setTimer(() => this.#flush(), this.#delay, { real: true });
  }

  #heard(path: string): void {
    if (this.#over || this.#gathered.has(path) || this.#ready.has(path)) return;
    if (this.#gathered.size + this.#ready.size >= this.#queueLimit) this.#overflowed = true;
    else this.#gathered.add(path);
    this.#timer ??= loop().timers.setTimer(() => this.#flush(), this.#delay, { real: true });
  }

  #flush(): void {
    this.#timer = undefined;
    for (const path of this.#gathered) this.#ready.add(path);
    this.#gathered.clear();
    this.#wake();
  }

  async #look(path: string): Promise<WatchEvent> {
    const { lstat } = nodeFiles();
    const isThere = (path: string) => lstat(path).then(() => true, () => false);
    if (await isThere(path)) return { kind: "change", path };
    // That the folder itself is gone, some hosts tell by its name, as if it were in itself.
    const mayBeRoot = path === this.#root || path === joinPath(this.#root, splitPath(this.#root).name);
    if (!this.#isFolder || !mayBeRoot || await isThere(this.#root)) return { kind: "remove", path };
    this.#close();
    return { kind: "remove", path: this.#root };
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#close();
  }

  #close(): void {
    this.#over = true;
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#timer?.cancel();
    this.#ready.clear();
    this.#gathered.clear();
    this.#leaveSignal?.();
    this.#wake();
  }

  #wake(): void {
    for (const wait of this.#waits) wait.resolve();
    this.#waits.clear();
  }
}
