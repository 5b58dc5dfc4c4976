/**
 * The library as what users run: compiled, installed, or in a bundle.
 *
 * @module
 */

import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";
import esbuild from "esbuild";
import { hostOfThis, root } from "./hosts.ts";

/** The modules of the library, as paths below the root. */
export async function librarySources(): Promise<string[]> {
  const sources = ["mod.ts", "worker.ts", "remote.ts", "testing.ts"];
  for (const floor of ["runtime", "scheduler", "io"]) {
    const names = await readdir(join(root, floor), { recursive: true });
    sources.push(...names.filter((name) => name.endsWith(".ts")).map((name) => join(floor, name)));
  }
  return sources;
}

/** Writes modules into a folder as JavaScript, each at its path below the root. */
export async function writeCompiled(sources: readonly string[], folder: string): Promise<void> {
  for (const source of sources) {
    const { code } = await esbuild.transform(await readFile(join(root, source), "utf8"), { loader: "ts" });
    const target = join(folder, source.replace(/\.ts$/, ".js"));
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, code.replace(/((?:from|import\()\s*"[^"]+)\.ts"/g, '$1.js"'));
  }
  await esbuild.stop();
}

/** Runs a program of plain JavaScript, and gives what it prints. */
export function runPlain(file: string, ...args: string[]): Promise<string[]> {
  const all = [...hostOfThis() === "deno" ? ["run", "-A", "--no-check"] : [], file, ...args];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, all, { timeout: 60_000, env: { ...process.env, NO_COLOR: "1" } }, (error, out, err) => {
      if (error === null) resolve(out.trim().split("\n"));
      else reject(new Error(`${error.message}\n${out}\n${err}`));
    });
  });
}
