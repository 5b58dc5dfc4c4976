/**
 * What an import costs in a bundle: `npm run size` prints a table, and fails where a limit is passed. It bundles the package as
 * `npm run pack` has left it, and makes it first where there is none.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { gzipSync } from "node:zlib";
import esbuild from "esbuild";
import { root } from "../tests/support/hosts.ts";

const folder = join(root, "dist/package");

/** Programs of one import, with the most that they may come to in KB (of 1000 bytes), minified and compressed. */
const imports: readonly { readonly names: string; readonly from?: string; readonly limit?: number }[] = [
  { names: "", limit: 0.03 },
  { names: "sleep", limit: 12 },
  { names: "group", limit: 18 },
  { names: "withTimeout, mapChunked" },
  { names: "scheduler" },
  { names: "WorkerPool" },
  { names: "currentJob, transfer", from: "/worker", limit: 2 },
  // Of it 0.4 KB are the journal that keeps results which wait for others, and 0.2 KB what observers of a call are told.
  { names: "serveJobs", from: "/worker", limit: 8.7 },
  { names: "serve", from: "/io" },
  { names: "simulate", from: "/testing" },
];

if (!existsSync(folder)) spawnSync("npm", ["run", "pack"], { cwd: root, stdio: "inherit" });
const { name, exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
  name: string;
  exports: Record<string, { default: string }>;
};
let ok = true;
for (const { names, from = "", limit } of imports) {
  const size = await sizeOf(names, join(folder, exports[`.${from}`]!.default)) / 1000;
  const fits = limit === undefined || size <= limit;
  ok &&= fits;
  const line = names === "" ? `import "${name}${from}"` : `import { ${names} } from "${name}${from}"`;
  const verdict = limit === undefined ? "" : `at most ${limit}${fits ? "" : ": TOO LARGE"}`;
  console.log(`${size.toFixed(2).padStart(7)} KB  ${line.padEnd(66)} ${verdict}`.trimEnd());
}
process.exit(ok ? 0 : 1);

/** How many bytes a program that imports and uses these names has, minified and compressed. */
async function sizeOf(names: string, file: string): Promise<number> {
  const path = JSON.stringify(file);
  const contents = names === "" ? `import ${path};` : `import { ${names} } from ${path}; console.log(${names});`;
  const { outputFiles } = await esbuild.build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "neutral",
    // What a program of the user's would not have either, unless it is installed.
    external: ["ws", "fast-check", "@nats-io/*", "node:*"],
    logLevel: "error",
    write: false,
  });
  const text = outputFiles[0]!.contents;
  return text.length === 0 ? 0 : gzipSync(text, { level: 9 }).length;
}
