/**
 * The runtimes of the test matrix: which one this is, and how each runs a program or the tests.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { thisHost } from "./this_host.ts";

/** The runtimes of the matrix that run programs. */
export type MatrixHost = "node" | "node26" | "deno" | "bun";

/** The root of the checkout. */
export const root: string = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Where a runtime's own binary is, so that nothing depends on install scripts or on the PATH. */
function binary(candidates: readonly string[]): string | undefined {
  return candidates.map((path) => join(root, path)).find((path) => existsSync(path));
}

const platform = `${process.platform}-${process.arch}`;

/** The executable of a runtime; `undefined` where it is not there. */
export function executableOf(host: MatrixHost): string | undefined {
  switch (host) {
    case "node":
      // Under npm this is the Node that runs npm; elsewhere the one that runs this program.
      return process.env["npm_node_execpath"] ?? (hostOfThis() === "node" ? process.execPath : "node");
    case "node26":
      return process.env["MILLRACE_NODE26"] ?? binary([`tests/support/node26/node_modules/node-${platform}/bin/node`]);
    case "deno":
      return binary([
        `node_modules/@deno/${platform}-glibc/deno`,
        `node_modules/@deno/${platform}/deno`,
        "node_modules/.bin/deno",
      ]);
    case "bun":
      return binary([`node_modules/@oven/bun-${platform}/bin/bun`, "node_modules/.bin/bun"]);
  }
}

/** The runtime that runs this program. */
export function hostOfThis(): MatrixHost {
  const host = thisHost();
  if (host === "browser") throw new Error("A page is no program");
  return host;
}

/** The flags with which a runtime reads TypeScript. */
export function typeScriptArguments(host: MatrixHost): string[] {
  return host === "node" ? ["--import", new URL("./typescript.mjs", import.meta.url).href] : [];
}

/** What stands before a TypeScript program that a runtime is to run. */
export function runArguments(host: MatrixHost): string[] {
  return host === "deno" ? ["run", "-A", "--no-check"] : typeScriptArguments(host);
}

/** The command that runs a TypeScript program on the runtime that runs this one. */
export function commandFor(file: string, ...args: string[]): { command: string; args: string[] } {
  const command = process.execPath;
  return { command, args: [...runArguments(hostOfThis()), file, ...args] };
}
