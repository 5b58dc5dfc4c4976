/**
 * Makes the text that a worker is started from in a bundle: `npm run bootstrap`, after every change of the worker's side.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import esbuild from "esbuild";
import { root } from "./hosts.ts";

/** Where the text is. */
export const bootstrapFile: string = join(root, "scheduler/workers/thread/bootstrap.ts");

/** The file as it should be. */
export async function makeBootstrap(): Promise<string> {
  const { outputFiles } = await esbuild.build({
    entryPoints: [join(root, "scheduler/workers/thread/worker_entry.ts")],
    bundle: true,
    format: "esm",
    minify: true,
    target: "es2022",
    write: false,
  });
  await esbuild.stop();
  const text = Buffer.from(outputFiles[0]!.contents).toString("base64");
  return `/**
 * The worker's side as a text, for bundles. Made by \`npm run bootstrap\`: do not edit.
 *
 * @module
 */

/** The text, as a URL. */
export const bootstrap: string =
  "data:text/javascript;base64,${text}";
`;
}

if (process.argv[1]?.endsWith("make_bootstrap.ts")) {
  const text = await makeBootstrap();
  if (readFileSync(bootstrapFile, "utf8") !== text) writeFileSync(bootstrapFile, text);
}
