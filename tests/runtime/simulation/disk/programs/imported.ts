import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";

/** Reads a file in two ways. */
export async function readTwice(path: string): Promise<string> {
  return readFileSync(path, "utf8") + await readFile(path, "utf8");
}
