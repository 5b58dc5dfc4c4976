/**
 * Paths, as a caller gives them.
 *
 * @module
 */

import { show } from "../../runtime/basics/check.ts";
import { pathOfUrl } from "../../runtime/system/files.ts";

/** Refuses what is no path. */
export function checkPath(path: unknown): asserts path is string | URL {
  if (typeof path !== "string" && !(path instanceof URL)) {
    throw new TypeError(`A path is a string or a URL: received ${show(path)}`);
  }
}

/** A path as the system writes it; refuses what is none. */
export function plainPath(path: string | URL): string {
  checkPath(path);
  return path instanceof URL ? pathOfUrl(path) : path;
}
