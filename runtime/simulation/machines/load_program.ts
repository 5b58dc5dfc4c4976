/**
 * Programs that are modules.
 *
 * @module
 */

import { show } from "../../basics/check.ts";
import type { Program } from "./machine.ts";

let loads = 0;

/**
 * Loads a module anew, whose default export is a program. What it imports is not loaded anew: no host does that by itself. None of them lets
 * go of a module again; it takes some 50 KB.
 */
export async function loadProgram(module: URL): Promise<Program> {
  const mark = `life=${++loads}`;
  // Bun takes no notice of what follows "?" in a URL of a file, and does in a path, which it takes as it is written.
  const file = `${decodeURI(module.pathname)}${module.search === "" ? "?" : `${module.search}&`}${mark}`;
  const specifier = module.protocol === "file:" ? file : `${module.href}#${mark}`;
  const { default: program } = await import(/* webpackIgnore: true */ /* @vite-ignore */ specifier) as {
    default?: unknown;
  };
  if (typeof program === "function") return program as Program;
  throw new TypeError(`The default export of ${module.href} has to be a function: received ${show(program)}`);
}
