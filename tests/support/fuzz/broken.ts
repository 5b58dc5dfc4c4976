/**
 * Servers that are broken on purpose, to prove that the fuzzer finds such faults.
 *
 * @module
 */

import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../hosts.ts";

/** A fault to put into the library. */
export interface Breakage {
  readonly name: string;
  readonly file: string;
  /** A text of the file, which is there once, and what takes its place. */
  readonly from: string;
  readonly to: string;
  /** What the fuzzer then says. */
  readonly fault: string;
}

/** The faults. */
export const breakages: readonly Breakage[] = [
  {
    name: "the check of the Host is left out",
    file: "runtime/hosts/common/request_head.ts",
    from: "      if (authority === undefined) return badRequest;\n      origin",
    to: "      origin",
    fault: "a handler runs for what was no request",
  },
  {
    name: "the length of a body is trusted",
    file: "runtime/hosts/common/request_head.ts",
    from: "return isLength(contentLength!) ? undefined : badRequest;",
    to: "return undefined;",
    fault: "a handler runs for what was no request",
  },
  {
    name: "the slot of a client that leaves is forgotten",
    file: "io/serve/server.ts",
    from: "if (this.#active.delete(live)) {",
    to: 'if (live.exchange.end !== "left" && this.#active.delete(live)) {',
    fault: "something is left after the last client",
  },
];

/** Makes a copy of the library with a fault in it, in an empty folder. */
export function breakInto(folder: string, { name, file, from, to }: Breakage): void {
  const files = ["mod.ts", "remote.ts", "testing.ts", "worker.ts", "package.json", "deno.json"];
  for (const part of ["runtime", "scheduler", "io", ...files]) {
    cpSync(join(root, part), join(folder, part), { recursive: true });
  }
  for (const part of ["fuzz", "garbage.ts", "hosts.ts", "std_assert", "this_host.ts", "typescript.mjs"]) {
    cpSync(join(root, "tests/support", part), join(folder, "tests/support", part), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "junction");
  const text = readFileSync(join(folder, file), "utf8");
  const parts = text.split(from);
  if (parts.length !== 2) throw new Error(`${file} has no longer the place where ${name}: change it in broken.ts`);
  writeFileSync(join(folder, file), parts.join(to));
}
