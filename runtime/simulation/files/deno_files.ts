/**
 * Deno's own functions for files, on a simulated disk.
 *
 * @module
 */

import type { SimulatedDisk } from "../disk/disk.ts";
import type { Call, FileError } from "../disk/errors.ts";
import { joined } from "../disk/lookup.ts";
import type { OpenFile, OpenFlags } from "../disk/open_file.ts";
import { pathOf } from "./arguments.ts";
import { denoError } from "./deno_errors.ts";
import { fileInfo, SimulatedFsFile } from "./deno_file.ts";
import { takeAtOnce } from "./disk_io.ts";
import type { FilesCall } from "./node_files.ts";
import { entriesOf, nameEnd, pathCalls, writeAll } from "./path_calls.ts";
import type { SimulatedStats } from "./stats.ts";
import { once, type Steps } from "./steps.ts";
import { watchPath } from "./watching.ts";

interface OpenOptions {
  readonly read?: boolean;
  readonly write?: boolean;
  readonly append?: boolean;
  readonly truncate?: boolean;
  readonly create?: boolean;
  readonly createNew?: boolean;
  readonly mode?: number;
}

interface WriteOptions extends OpenOptions {
  readonly signal?: AbortSignal;
}

interface TempOptions {
  readonly dir?: string;
  readonly prefix?: string;
  readonly suffix?: string;
}

function openAt(disk: SimulatedDisk, path: unknown, options: OpenOptions, syscall: string): OpenFile {
  const { read = false, append = false, createNew = false, create = false, truncate = false, mode = 0o666 } = options;
  const write = options.write === true || append;
  const flags: OpenFlags = {
    ...{ read, write, append, truncate },
    create: create || createNew,
    exclusive: createNew,
    sync: false,
    folder: false,
  };
  const at = pathOf(path);
  return disk.open(at, flags, mode, { syscall, path: at });
}

function* readSteps(disk: SimulatedDisk, path: unknown, syscall: string): Steps<Uint8Array> {
  yield `read ${pathOf(path)}`;
  const file = openAt(disk, path, { read: true }, syscall);
  try {
    return disk.readAll(file, { syscall: "read" });
  } finally {
    disk.close(file, { syscall: "close" });
  }
}

function* textSteps(disk: SimulatedDisk, path: unknown): Steps<string> {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(yield* readSteps(disk, path, "readfile"));
}

function* writeSteps(disk: SimulatedDisk, path: unknown, data: unknown, given: unknown): Steps<void> {
  const { append = false, create = true, createNew, mode } = (given ?? {}) as WriteOptions;
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data as Uint8Array;
  yield `open ${pathOf(path)}`;
  const options: OpenOptions = { append, create, truncate: !append, write: true, createNew: createNew ?? false };
  const file = openAt(disk, path, mode === undefined ? options : { ...options, mode }, "writefile");
  try {
    if (bytes.byteLength === 0) return;
    yield `write ${pathOf(path)}`;
    writeAll(disk, file, bytes, null, { syscall: "write" });
  } finally {
    // A machine that was killed has closed it.
    if (!file.isClosed) disk.close(file, { syscall: "close" });
  }
}

function remove(disk: SimulatedDisk, path: unknown, options: unknown): void {
  const at = pathOf(path);
  const call: Call = { syscall: "remove", path: at };
  if (disk.tree.find(at, false, call).kind !== "folder") return disk.tree.unlink(at, call);
  if ((options as { recursive?: boolean } | undefined)?.recursive === true) pathCalls["rm"]!(disk, at, options);
  else disk.tree.rmdir(at, call);
}

function temporary(disk: SimulatedDisk, given: unknown, make: (path: string, call: Call) => void): string {
  const { dir = "/tmp", prefix = "", suffix = "" } = (given ?? {}) as TempOptions;
  pathCalls["mkdir"]!(disk, "/tmp", { recursive: true });
  for (;;) {
    const path = joined(dir, `${prefix}${nameEnd(disk)}${suffix}`);
    try {
      make(path, { syscall: "mktemp", path });
      return path;
    } catch (error) {
      if ((error as FileError).code !== "EEXIST") throw error;
    }
  }
}

/** What is the same as a function of Node's, by its name there. */
function likeNode(name: string): (disk: SimulatedDisk, ...args: unknown[]) => unknown {
  return (disk, ...args) => pathCalls[name]!(disk, ...args);
}

function infoOf(name: string): (disk: SimulatedDisk, path: unknown) => object {
  return (disk, path) => fileInfo(pathCalls[name]!(disk, path) as SimulatedStats);
}

function makeFolder(disk: SimulatedDisk, path: unknown, options: unknown): void {
  pathCalls["mkdir"]!(disk, path, options ?? {});
}

/** Those of one operation. */
const operations: Readonly<Record<string, (disk: SimulatedDisk, ...args: unknown[]) => unknown>> = {
  chmod: likeNode("chmod"),
  chown: likeNode("chown"),
  copyFile: likeNode("copyFile"),
  link: likeNode("link"),
  lstat: infoOf("lstat"),
  makeTempDir: (disk, options) => temporary(disk, options, (path, call) => disk.tree.mkdir(path, 0o700, call)),
  makeTempFile: (disk, options) =>
    temporary(disk, options, (path, call) => {
      disk.close(openAt(disk, path, { write: true, createNew: true, mode: 0o600 }, "mktemp"), call);
    }),
  mkdir: makeFolder,
  readLink: likeNode("readlink"),
  realPath: likeNode("realpath"),
  remove,
  rename: likeNode("rename"),
  stat: infoOf("stat"),
  symlink: likeNode("symlink"),
  truncate: likeNode("truncate"),
  utime: likeNode("utimes"),
};

function stepsOf(name: string, disk: SimulatedDisk, args: readonly unknown[]): Steps {
  const [path, data, options] = args;
  if (name === "readFile") return readSteps(disk, path, "readfile");
  if (name === "readTextFile") return textSteps(disk, path);
  if (name === "writeFile" || name === "writeTextFile") return writeSteps(disk, path, data, options);
  const what = typeof path === "string" || path instanceof URL ? `${name} ${pathOf(path)}` : name;
  return once(what, () => operations[name]!(disk, ...args));
}

const names = [...Object.keys(operations), "readFile", "readTextFile", "writeFile", "writeTextFile"];

function signalOf(args: readonly unknown[]): AbortSignal | undefined {
  return (args.at(-1) as { signal?: AbortSignal } | undefined)?.signal;
}

/** Throws as Deno does. */
function asDeno<R>(fn: () => R): R {
  try {
    return fn();
  } catch (error) {
    throw denoError(error);
  }
}

function* entries(disk: SimulatedDisk, path: unknown): Generator<object, void> {
  for (const entry of asDeno(() => entriesOf(disk, path, "readdir"))) {
    const { name } = entry;
    yield { name, isFile: entry.isFile(), isDirectory: entry.isDirectory(), isSymlink: entry.isSymbolicLink() };
  }
}

/** The functions of `Deno`. */
export function denoCalls(): Record<string, FilesCall> {
  const calls: Record<string, FilesCall> = {};
  for (const name of names) {
    calls[name] = async (io, ...args) => {
      const signal = signalOf(args);
      try {
        return await io.take(stepsOf(name, io.disk, args), signal);
      } catch (error) {
        throw signal?.aborted === true ? signal.reason : denoError(error);
      }
    };
    calls[`${name}Sync`] = ({ disk }, ...args) => asDeno(() => takeAtOnce(stepsOf(name, disk, args)));
  }
  const opened = { open: { read: true }, create: { read: true, write: true, create: true, truncate: true } };
  for (const [name, usual] of Object.entries(opened)) {
    const openWith: FilesCall = (io, path, options) =>
      asDeno(() => new SimulatedFsFile(io, openAt(io.disk, path, (options ?? usual) as OpenOptions, "open")));
    calls[name] = (io, path, options) => io.run(`open ${pathOf(path)}`, () => openWith(io, path, options));
    calls[`${name}Sync`] = openWith;
  }
  calls["readDirSync"] = ({ disk }, path) => entries(disk, path);
  calls["readDir"] = async function* (io, path) {
    yield* await io.run(`readDir ${pathOf(path)}`, () => [...entries(io.disk, path)]);
  };
  calls["watchFs"] = (io, paths, options) => {
    const { recursive = true } = (options ?? {}) as { recursive?: boolean };
    return new FsWatcher((told) => {
      const leaves = [paths].flat().map((path) => {
        const at = pathOf(path);
        const isFolder = asDeno(() => io.disk.tree.find(at, true, { syscall: "watch", path: at })).kind === "folder";
        return watchPath(io, at, recursive, (event, name) => told(event, isFolder ? joined(at, name) : at));
      });
      return () => leaves.forEach((leave) => leave());
    });
  };
  return calls;
}

interface FsEvent {
  readonly kind: "modify" | "any";
  readonly paths: readonly string[];
}

/** As `Deno.FsWatcher`. */
class FsWatcher implements AsyncIterable<FsEvent> {
  readonly #queue: FsEvent[] = [];
  readonly #leave: () => void;
  #wake: (() => void) | undefined;
  #isOver = false;

  constructor(watch: (told: (event: "rename" | "change", path: string) => void) => () => void) {
    this.#leave = watch((event, path) => {
      this.#queue.push({ kind: event === "change" ? "modify" : "any", paths: [path] });
      this.#wake?.();
    });
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<FsEvent, undefined> {
    while (!this.#isOver) {
      const event = this.#queue.shift();
      if (event !== undefined) yield event;
      else await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  close(): void {
    this.#isOver = true;
    this.#leave();
    this.#wake?.();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
