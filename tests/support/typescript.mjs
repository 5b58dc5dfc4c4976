/**
 * Teaches Node 20 to read TypeScript: `node --import ./tests/support/typescript.mjs program.ts`.
 *
 * It does for modules what tsx does, with half of the work for each process and a third for each thread; a run of the
 * tests starts hundreds of both. A pool that looks for tsx, to teach its threads, finds this module instead.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { Module } from "node:module";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { isMainThread, threadId } from "node:worker_threads";

const own = fileURLToPath(import.meta.url);
const cache = join(dirname(own), "../../node_modules/.cache/millrace/node20");

let isRegistered = false;

/** Teaches this thread, like the function of this name in `tsx/esm/api`. */
export function register() {
  // Asked for both `import` and `require`, it stands in for two modules of tsx.
  if (isRegistered) return;
  isRegistered = true;
  process.setSourceMapsEnabled(true);
  // The hooks run in a thread of their own, which loads this module again.
  Module.register(import.meta.url);
}

if (isMainThread) {
  register();
  const resolve = Module._resolveFilename;
  Module._resolveFilename = function (name, ...rest) {
    return /^tsx\/(?:esm|cjs)\/api$/.test(name) ? own : resolve.call(this, name, ...rest);
  };
}

/** A hook of Node's: the text of a module. */
export async function load(url, context, nextLoad) {
  if (!/^file:[^?#]*\.ts(?:[?#]|$)/.test(url)) return await nextLoad(url, context);
  return { format: "module", source: await javaScriptOf(fileURLToPath(url)), shortCircuit: true };
}

const ownText = readFileSync(own);

async function javaScriptOf(file) {
  const source = readFileSync(file, "utf8");
  const mark = `\n//# of ${createHash("sha1").update(ownText).update(source).digest("hex")}\n`;
  const place = join(cache, `${file.replace(/[^\w.-]+/g, "_")}.mjs`);
  const found = readIfThere(place);
  if (found?.endsWith(mark)) return found;
  const { transform } = await import("esbuild");
  const { code } = await transform(source, {
    loader: "ts",
    format: "esm",
    target: "node20",
    sourcemap: "inline",
    sourcefile: file,
    sourcesContent: false,
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
  });
  mkdirSync(dirname(place), { recursive: true });
  // Many processes do this at once: none may read half of it.
  const unfinished = `${place}.${process.pid}.${threadId}`;
  writeFileSync(unfinished, code + mark);
  renameSync(unfinished, place);
  return code + mark;
}

function readIfThere(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
