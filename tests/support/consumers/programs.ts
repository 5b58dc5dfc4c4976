/**
 * The common program, written into a project in the form that it needs.
 *
 * @module
 */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { transformSync } from "esbuild";
import { root } from "../hosts.ts";
import type { Form } from "./consumer.ts";

const sources = join(root, "tests/support/consumers/program");

/** Writes the common program into a folder; with other forms the worker module alone. */
export function writeProgram(folder: string, [form, ...others]: readonly Form[]): void {
  mkdirSync(folder, { recursive: true });
  writeFiles(folder, form!, readdirSync(sources));
  for (const other of others) writeFiles(folder, other, ["tasks.ts"]);
}

function writeFiles(folder: string, form: Form, files: readonly string[]): void {
  for (const file of files) {
    const text = readFileSync(join(sources, file), "utf8").replace(
      /(from |import\()"(\.\/\w+)\.ts"/g,
      `$1"$2.${form}"`,
    );
    writeFileSync(join(folder, file.replace(/\.ts$/, `.${form}`)), inForm(text, form));
  }
}

/** TypeScript stays as it is. Node takes away the types of `.cts`, but makes no CommonJS of it. */
function inForm(text: string, form: Form): string {
  if (form === "ts" || form === "mts") return text;
  const format = form === "cjs" || form === "cts" ? "cjs" : "esm";
  return transformSync(text, { loader: "ts", format, target: "es2022", platform: "node" }).code;
}
