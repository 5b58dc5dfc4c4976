/** What a worker finds of the options of its pool. */

import process from "node:process";
import { workerData } from "../../../../worker.ts";

export const atLoad: unknown = workerData();

export function found(): { FOUND: string | undefined; HOME: string | undefined; argv: string[]; execArgv: string[] } {
  const { FOUND, HOME } = process.env;
  return { FOUND, HOME, argv: process.argv.slice(2), execArgv: process.execArgv };
}

/** What the errors and URLs in it were when the module was loaded. */
export function told(): { atLoad: unknown } {
  const { deep, urls } = atLoad as { deep: { error: Error & { code: string } }[]; urls: Map<string, URL> };
  const { error } = deep[0]!;
  const kind = error instanceof RangeError ? "RangeError" : "another class";
  const { href } = error.cause as URL;
  return { atLoad: [error.name, kind, error.message, error.code, href, urls.get("home")!.href] };
}

export function data(): { atLoad: unknown; now: unknown } {
  return { atLoad, now: workerData() };
}

export function change(): void {
  (workerData() as { list: number[] }).list.push(4);
}

/** Whether the worker may read a file. */
export async function mayRead(path: string): Promise<boolean> {
  const { readFile } = await import("node:fs/promises");
  return await readFile(path).then(() => true, () => false);
}
