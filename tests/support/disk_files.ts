/**
 * A simulated disk, used at once: without a loop.
 *
 * @module
 */

import type * as fs from "node:fs";
import type { SimulatedDisk } from "../../runtime/simulation/disk/disk.ts";
import type { ChooseLoss } from "../../runtime/simulation/disk/faults.ts";
import { DiskIo } from "../../runtime/simulation/files/disk_io.ts";
import { synchronousCalls } from "../../runtime/simulation/files/node_files.ts";

/** The synchronous functions of `node:fs`, on a disk. */
export function filesOf(disk: SimulatedDisk): typeof fs {
  const io = new DiskIo(undefined as never, disk);
  const bound = Object.entries(synchronousCalls()).map(([name, call]) => [
    name,
    (...args: unknown[]) => call(io, ...args),
  ]);
  return Object.fromEntries(bound) as typeof fs;
}

/** Syncs a file or a folder. */
export function syncPath(disk: SimulatedDisk, path: string): void {
  const files = filesOf(disk);
  const file = files.openSync(path, "r");
  try {
    files.fsyncSync(file);
  } finally {
    files.closeSync(file);
  }
}

/** All files of a disk with their texts, and folders with a slash at their end. */
export function contentsOf(disk: SimulatedDisk, folder: string = "/"): Record<string, string> {
  const files = filesOf(disk);
  const found: Record<string, string> = {};
  for (const entry of files.readdirSync(folder, { withFileTypes: true })) {
    const path = folder === "/" ? `/${entry.name}` : `${folder}/${entry.name}`;
    if (entry.isFile()) found[path] = files.readFileSync(path, "latin1");
    else found[`${path}/`] = "";
    if (entry.isDirectory()) Object.assign(found, contentsOf(disk, path));
  }
  return found;
}

/** Ways of losing power, by their number. */
export const ways = { all: 0, none: 1, prefix: 2, subset: 3 } as const;

/** Chooses a way, and then by `next` the rest. */
export function losing(way: keyof typeof ways, next: (what: string, count: number) => number = () => 0): ChooseLoss {
  return (what, count) => what === "the way of the loss" ? ways[way] : next(what, count);
}
