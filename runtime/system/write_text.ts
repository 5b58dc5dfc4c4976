/**
 * Writing a file, for parts that are in every bundle: an import of Node's modules, even one that is never run, fails many bundlers for
 * browsers and for workerd.
 *
 * @module
 */

import { builtin } from "../hosts/common/node_process.ts";

/** Writes a text to a file; rejects where that cannot be done. */
export async function writeText(path: string, text: string): Promise<void> {
  await builtin<{ writeFile(path: string, text: string): Promise<void> }>("node:fs/promises").writeFile(path, text);
}
