/**
 * Programs on a simulated machine that has a disk, for tests.
 *
 * @module
 */

import type * as fs from "node:fs";
import { simulate, type SimulateOptions } from "../../testing.ts";

/** The module itself: on Deno and Bun a named import keeps what it was bound to. */
export function hostsFiles(): typeof fs {
  return process.getBuiltinModule("node:fs");
}

/** Runs a program on a machine, and answers what it does. */
export async function onMachine<T>(
  program: () => T | PromiseLike<T>,
  files: Readonly<Record<string, string | Uint8Array>> = {},
  options: SimulateOptions = {},
): Promise<T> {
  return await simulate(async (sim) => {
    return await new Promise<T>((resolve, reject) => {
      sim.machine("box", async () => {
        try {
          resolve(await program());
        } catch (error) {
          reject(error);
        }
      }, { files });
    });
  }, options);
}
