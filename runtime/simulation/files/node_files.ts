/**
 * `node:fs` and `node:fs/promises` on a simulated disk.
 *
 * @module
 */

import type { SimulatedDisk } from "../disk/disk.ts";
import { argumentError } from "../disk/errors.ts";
import { optionsOf, pathOf } from "./arguments.ts";
import { type DiskIo, takeAtOnce } from "./disk_io.ts";
import { isChunked, SimulatedFileHandle, writeChunks } from "./file_handle.ts";
import { SimulatedDir } from "./folder.ts";
import { openFileCalls, readRequest, writeRequest } from "./open_file_calls.ts";
import { entriesOf, openAt, pathCalls } from "./path_calls.ts";
import { readStreamOf, type ReadStreamOptions, writeStreamOf, type WriteStreamOptions } from "./streams.ts";
import { once, stepCalls, type Steps, targetName } from "./steps.ts";
import { watcherOf, watchEvents } from "./watching.ts";

/** A function of the host's, for the disk of the running code. */
export type FilesCall = (io: DiskIo, ...args: unknown[]) => unknown;
type Calls = Record<string, FilesCall>;

/** The steps of a call by its name. */
function stepsOf(name: string, disk: SimulatedDisk, args: readonly unknown[]): Steps {
  const steps = stepCalls[name];
  if (steps !== undefined) return steps(disk, ...asFiles(args) as never[]);
  const call = pathCalls[name];
  if (call !== undefined) return once(labelOf(name, args[0]), () => call(disk, ...args));
  const [fd, ...others] = args;
  if (typeof fd !== "number") throw argumentError("fd", fd);
  return once(`${name} ${nameOf(disk, fd)}`, () => {
    return openFileCalls[name]!(disk, disk.opened(fd, { syscall: name }), ...others);
  });
}

function labelOf(name: string, path: unknown): string {
  return `${name} ${pathOf(path)}`;
}

function nameOf(disk: SimulatedDisk, fd: number): string {
  try {
    return disk.opened(fd, { syscall: "open" }).path;
  } catch {
    return targetName(fd);
  }
}

/** A file may be given as its handle. */
function asFiles([target, ...others]: readonly unknown[]): unknown[] {
  return [target instanceof SimulatedFileHandle ? target.opened : target, ...others];
}

function signalOf(name: string, args: readonly unknown[]): AbortSignal | undefined {
  if (stepCalls[name] === undefined) return undefined;
  return optionsOf<{ signal?: AbortSignal }>(args.at(-1)).signal;
}

const pathNames = [...Object.keys(pathCalls), ...Object.keys(stepCalls)];
const allNames = [...pathNames, ...Object.keys(openFileCalls)];

async function open(io: DiskIo, path: unknown, flags?: unknown, mode?: unknown): Promise<SimulatedFileHandle> {
  const file = await io.run(labelOf("open", path), () => openAt(io.disk, path, flags, mode));
  return new SimulatedFileHandle(io, file);
}

async function writeFile(io: DiskIo, flag: string, target: unknown, data: unknown, options?: unknown): Promise<void> {
  if (!isChunked(data)) {
    return await io.take(
      stepsOf(flag === "a" ? "appendFile" : "writeFile", io.disk, [target, data, options]) as Steps<void>,
      signalOf("writeFile", [options]),
    );
  }
  if (target instanceof SimulatedFileHandle) return await target.writeFile(data, options);
  const given = optionsOf<{ flag?: unknown; mode?: unknown }>(options);
  await writeChunks(await open(io, target, given.flag ?? flag, given.mode), data, options);
}

async function opendir(io: DiskIo, path: unknown): Promise<SimulatedDir> {
  const entries = await io.run(labelOf("opendir", path), () => entriesOf(io.disk, path, "opendir"));
  return new SimulatedDir(io, pathOf(path), entries);
}

/** The functions of `node:fs/promises`. */
export function promisedCalls(): Calls {
  const calls: Calls = {};
  for (const name of pathNames) {
    calls[name] = async (io, ...args) => await io.take(stepsOf(name, io.disk, args), signalOf(name, args));
  }
  calls["open"] = open;
  calls["writeFile"] = (io, target, data, options) => writeFile(io, "w", target, data, options);
  calls["appendFile"] = (io, target, data, options) => writeFile(io, "a", target, data, options);
  calls["opendir"] = opendir;
  calls["watch"] = watchEvents;
  return calls;
}

/** The functions of `node:fs` that work at once. */
export function synchronousCalls(): Calls {
  const calls: Calls = {};
  for (const name of allNames) {
    calls[`${name}Sync`] = ({ disk }, ...args) => takeAtOnce(stepsOf(name, disk, args));
  }
  calls["openSync"] = ({ disk }, path, flags, mode) => openAt(disk, path, flags, mode).fd;
  calls["existsSync"] = ({ disk }, path) => exists(disk, path);
  calls["opendirSync"] = (io, path) => new SimulatedDir(io, pathOf(path), entriesOf(io.disk, path, "opendir"));
  return calls;
}

function exists(disk: SimulatedDisk, path: unknown): boolean {
  try {
    return pathCalls["access"]!(disk, path) === undefined;
  } catch {
    return false;
  }
}

type Callback = (error: unknown, ...results: unknown[]) => void;

/** Calls that tell more than their result. */
const moreResults: Readonly<Record<string, (args: readonly unknown[]) => unknown>> = {
  read: (args) => readRequest(args).buffer,
  readv: ([buffers]) => buffers,
  write: (args) => writeRequest(args).buffer,
  writev: ([buffers]) => buffers,
};

/** The functions of `node:fs` that call back. */
export function callingCalls(): Calls {
  const calls: Calls = {};
  for (const name of allNames) {
    const more = moreResults[name];
    calls[name] = (io, ...args) => {
      const callback = callbackOf(io, args);
      const given = [...args];
      // A read makes its memory only once.
      if (name === "read") given.splice(1, given.length, ...asRead(args.slice(1)));
      const others = more === undefined ? [] : [more(given.slice(1))];
      const done = (result: unknown): void => callback(null, ...(result === undefined ? [] : [result]), ...others);
      io.drive(stepsOf(name, io.disk, given), signalOf(name, given), done, callback);
    };
  }
  calls["open"] = (io, ...args) => {
    const callback = callbackOf(io, args);
    const [path, flags, mode] = args;
    const steps = once(labelOf("open", path), () => openAt(io.disk, path, flags, mode).fd);
    io.drive(steps, undefined, (fd) => callback(null, fd), callback);
  };
  calls["exists"] = (io, ...args) => {
    const callback = callbackOf(io, args) as unknown as (is: boolean) => void;
    io.drive(
      once(labelOf("access", args[0]), () => exists(io.disk, args[0])),
      undefined,
      callback,
      () => callback(false),
    );
  };
  calls["opendir"] = (io, ...args) => {
    const callback = callbackOf(io, args);
    const [path] = args;
    const steps = once(labelOf("opendir", path), () => entriesOf(io.disk, path, "opendir"));
    io.drive(steps, undefined, (found) => callback(null, new SimulatedDir(io, pathOf(path), found)), callback);
  };
  calls["watch"] = (io, path, options, listener) => watcherOf(io, path, options, listener);
  calls["createReadStream"] = (io, path, options) => {
    const given = optionsOf<ReadStreamOptions>(options);
    return readStreamOf(openedFor(io, path, given, "r"), options as ReadStreamOptions, path);
  };
  calls["createWriteStream"] = (io, path, options) => {
    const given = optionsOf<WriteStreamOptions>(options);
    return writeStreamOf(openedFor(io, path, given, "w"), options as WriteStreamOptions, path);
  };
  return calls;
}

/** The file of a stream: one that is open, or the one at a path. */
function openedFor(
  io: DiskIo,
  path: unknown,
  { fd, flags, mode }: { readonly fd?: unknown; readonly flags?: string; readonly mode?: number },
  flag: string,
): SimulatedFileHandle | (() => Promise<SimulatedFileHandle>) {
  if (fd instanceof SimulatedFileHandle) return fd;
  if (typeof fd === "number") return new SimulatedFileHandle(io, io.disk.opened(fd, { syscall: "open" }));
  return () => open(io, path, flags ?? flag, mode);
}

function asRead(args: readonly unknown[]): unknown[] {
  const { into, buffer, position } = readRequest(args);
  const { byteOffset } = buffer as ArrayBufferView;
  return [buffer, into.byteOffset - byteOffset, into.byteLength, position];
}

/** Takes the last argument, which is called in the context it was given in. */
function callbackOf({ world: { context } }: DiskIo, args: unknown[]): Callback {
  const callback = args.pop();
  if (typeof callback !== "function") throw argumentError("cb", callback);
  const captured = context.capture();
  return (...results) => context.resume(captured, () => void Reflect.apply(callback, undefined, results), undefined);
}
