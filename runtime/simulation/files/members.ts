/**
 * The host's functions for files, which work on the disk of the machine whose code runs.
 *
 * @module
 */

import { builtin, hasBuiltins } from "../../hosts/common/node_process.ts";
import type { SimulatedDisk } from "../disk/disk.ts";
import type { Member } from "../globals/clock.ts";
import { promisified, simulatedOf } from "../globals/stand_ins.ts";
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
      const value = onDisk(ioOf, call, simulatedOf(target!, name) ?? before as Callable);
      if (name === "exists") promiseExists(value);
      members.push({ target: target!, name, value });
    }
  }
  add(files.promises, promisedCalls());
  add(files, { ...synchronousCalls(), ...callingCalls() });
  add(Deno, denoCalls());
  add(Bun, bunCalls());
  return members;
}

function onDisk(ioOf: () => DiskIo | undefined, call: FilesCall, otherwise: Callable): Callable {
  return function (this: unknown, ...args: unknown[]): unknown {
    const io = isStandard(args[0]) ? undefined : ioOf();
    return io === undefined ? Reflect.apply(otherwise, this, args) : call(io, ...args);
  };
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
