/**
 * Runs again and again, whenever a file changes.
 *
 * @module
 */

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { root } from "../hosts.ts";

/** The files that the tests depend on, each with the time of its last change. */
export type Snapshot = ReadonlyMap<string, number>;

/** What to watch with, for tests. */
export interface WatchOptions {
  readonly look?: () => Snapshot;
  readonly pause?: () => Promise<unknown>;
  readonly say?: (text: string) => void;
}

/** Runs, and runs again after each change, one that came during the run too; ends only with an error. */
export async function watch(run: () => Promise<unknown>, options: WatchOptions = {}): Promise<never> {
  const { look = snapshot, pause = () => delay(300), say = console.log } = options;
  for (;;) {
    const before = look();
    await run();
    say("Waiting for a change; Ctrl+C ends.");
    let changed = changes(before, look());
    while (changed.length === 0) {
      await pause();
      changed = changes(before, look());
    }
    say(`\nChanged: ${changed.join(", ")}`);
  }
}

/** The files that are in one of two snapshots only, or with different times. */
function changes(before: Snapshot, after: Snapshot): string[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter((file) => before.get(file) !== after.get(file));
}

/** The files of the checkout as they are now: looking at all their times takes a few ms, and misses nothing anywhere. */
function snapshot(): Snapshot {
  const found = new Map<string, number>();
  function look(folder: string): void {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      if (entry.name === "node_modules" || entry.name.startsWith(".")) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) look(path);
      else if (entry.isFile()) found.set(path, statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0);
    }
  }
  look(".");
  return found;
}
