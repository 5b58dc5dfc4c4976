/**
 * The host's functions for files, which work on the disk of the machine whose code runs.
 *
 * @module
 */

import { builtin, hasBuiltins } from "../../hosts/common/node_process.ts";
import type { SimulatedDisk } from "../disk/disk.ts";
import type { Member } from "../globals/clock.ts";
import { asHost, promisified, simulatedOf } from "../globals/stand_ins.ts";
import type { World } from "../loop/world.ts";
import { bunCalls } from "./bun_files.ts";
import { denoCalls } from "./deno_files.ts";
import { DiskIo } from "./disk_io.ts";
import { callingCalls, type FilesCall, promisedCalls, synchronousCalls } from "./node_files.ts";

type Callable = (...args: never[]) => unknown;

/**
 * While `diskOf` gives a disk, the calls go to it; otherwise to what a simulation does with that call, and where it does nothing, to the host's own.
 */
export function membersOfFiles(world: World, diskOf: () => SimulatedDisk | undefined): Member[] {
  if (!hasBuiltins()) return [];
  const { Deno, Bun } = globalThis as unknown as { Deno?: object; Bun?: object };
  const files = builtin<{ promises: object }>("node:fs");
  const members: Member[] = [];
  let io: DiskIo | undefined;
  function ioOf(): DiskIo | undefined {
    const disk = diskOf();
    if (disk === undefined) return undefined;
    return io = io?.disk === disk ? io : new DiskIo(world, disk);
  }
  function add(target: object | undefined, calls: Record<string, FilesCall>): void {
    for (const [name, call] of Object.entries(calls)) {
      const before = target === undefined ? undefined : Reflect.get(target, name) as unknown;
      if (typeof before !== "function") continue;
      const otherwise = simulatedOf(target!, name) ?? before as Callable;
      const value = name.endsWith("Sync") ? unlessOfLoader(ioOf, call, otherwise) : onDisk(ioOf, call, otherwise);
      if (name === "exists") promiseExists(value);
      members.push({ target: target!, name, value });
    }
  }
  add(files.promises, { ...refusedCalls("fs.promises."), ...promisedCalls() });
  add(files, {
    ...refusedCalls("fs."),
    ...synchronousCalls(),
    ...callingCalls(),
  });
  add(Deno, denoCalls());
  add(Bun, bunCalls());
  return members;
}

/** They would reach the host's own disk. */
function refusedCalls(prefix: string): Record<string, FilesCall> {
  const names = [
    "glob",
    "globSync",
    "mkdtempDisposable",
    "mkdtempDisposableSync",
    "openAsBlob",
    "statfs",
    "statfsSync",
  ];
  return Object.fromEntries([...names, "watchFile"].map((name) => [name, () => refuse(`${prefix}${name}`)]));
}

function refuse(call: string): never {
  throw new Error(`${call} is not there on the disk of a simulated machine: use other functions of files in its place`);
}

function onDisk(ioOf: () => DiskIo | undefined, call: FilesCall, otherwise: Callable): Callable {
  return function (this: unknown, ...args: unknown[]): unknown {
    const io = isStandard(args[0]) ? undefined : ioOf();
    return io === undefined ? Reflect.apply(otherwise, this, args) : call(io, ...args);
  };
}

/** A call that works at once. The host loads modules by these too, and those of a program are on no simulated disk. */
function unlessOfLoader(ioOf: () => DiskIo | undefined, call: FilesCall, otherwise: Callable): Callable {
  const onlyDisk = onDisk(ioOf, call, otherwise);
  return function value(this: unknown, ...args: unknown[]): unknown {
    try {
      const result = Reflect.apply(onlyDisk, this, args as never[]);
      if (result !== false || !isCalledByLoader(value)) return result;
    } catch (error) {
      if ((error as { code?: string }).code !== "ENOENT" || !isCalledByLoader(value)) throw error;
    }
    // Some of the host's own call others of them.
    return asHost(() => Reflect.apply(otherwise, this, args as never[]));
  };
}

const ofLoader = "node:internal/modules/";

/** Has the loader of modules called the stand-in that has called this function, or somebody whom it lets load a module in its place? */
function isCalledByLoader(value: Callable): boolean {
  const { captureStackTrace } = Error as unknown as { captureStackTrace?(target: object, above: Callable): void };
  const holder: { stack?: string } = {};
  captureStackTrace?.(holder, value);
  const callers = (holder.stack ?? "").split("\n").slice(2);
  const first = callers.findIndex((caller) => caller.includes(ofLoader));
  // A module that is being run is called by the loader too.
  return first === 0 || callers[first]?.includes(`Module.load (${ofLoader}`) === true;
}

/** Input, output and errors of the process are on no disk. */
function isStandard(file: unknown): boolean {
  return typeof file === "number" && file <= 2;
}

/** `exists` tells no error, so that what makes a promise of it has to know. */
function promiseExists(exists: Callable): void {
  const promise = (path: unknown) =>
    new Promise((resolve) => void Reflect.apply(exists, undefined, [path, resolve] as never[]));
  Object.defineProperty(exists, promisified, { value: promise, configurable: true });
}
