/**
 * Makes the package for npm: `npm run pack` writes `dist/millrace-VERSION.tgz`, and checks the one for JSR. Two runs give the same bytes.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { copyFileSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { executableOf, root } from "../tests/support/hosts.ts";

const folder = join(root, "dist/package");

interface DenoConfig {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly exports: Readonly<Record<string, string>>;
}

const deno = JSON.parse(readFileSync(join(root, "deno.json"), "utf8")) as DenoConfig;

/** What is used where it is installed: by `schedules`, and by remote pools over NATS. */
const peers = {
  "@nats-io/nats-core": "^3.4.0",
  "@nats-io/obj": "^3.4.0",
  "@nats-io/transport-node": "^3.4.0",
  "fast-check": "^4.0.0",
};

rmSync(join(root, "dist"), { recursive: true, force: true });
run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.pack.json"]);
nameJavaScript();
letTypesBeAbsent();
writeManifest();
for (const name of ["README.md", "LICENSE", "CHANGELOG.md"]) copyFileSync(join(root, name), join(folder, name));
const packed = run("npm", ["pack", "--silent", "--pack-destination", ".."], folder).trim().split("\n").at(-1)!;
const tarball = `dist/millrace-${deno.version}.tgz`;
renameSync(join(root, "dist", packed), join(root, tarball));
run(executableOf("deno")!, ["publish", "--dry-run", "--allow-dirty", "--no-check"]);
console.log(tarball);

/** The manifest that users get: its entry points are those of deno.json. */
function writeManifest(): void {
  const exports = Object.fromEntries(
    Object.entries(deno.exports).map(([name, path]) => {
      const module = path.replace(/\.ts$/, "");
      return [name, { types: `${module}.d.ts`, default: `${module}.js` }];
    }),
  );
  const manifest = {
    name: deno.name,
    version: deno.version,
    description: "Structured tasks on the loop you already have, for Node, Deno and Bun",
    license: deno.license,
    type: "module",
    sideEffects: false,
    exports,
    engines: { node: ">=20.16" },
    peerDependencies: peers,
    peerDependenciesMeta: Object.fromEntries(Object.keys(peers).map((name) => [name, { optional: true }])),
  };
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
}

/** The compiler leaves the `.ts` of the sources in declarations, and not every tool that reads those finds a declaration by it. */
function nameJavaScript(): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".d.ts")) continue;
    const file = join(folder, name);
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace(/^((?:import|export)\b.*\bfrom "\.{1,2}\/[^"]+)\.ts";$/gm, '$1.js";'));
  }
}

/** The types of the optional peer are not there for everybody: without them what is made of them is of any type. */
function letTypesBeAbsent(): void {
  const file = join(folder, "scheduler/exploration/fast_check/schedules.d.ts");
  const text = readFileSync(file, "utf8");
  const line = 'import type { Arbitrary } from "fast-check";';
  if (!text.includes(line)) throw new Error(`${file} no longer has the line ${line}`);
  writeFileSync(file, text.replace(line, `// @ts-ignore: fast-check is an optional peer\n${line}`));
}

function run(command: string, args: readonly string[], cwd: string = root): string {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
  if (status === 0) return stdout;
  console.error(`${command} ${args.join(" ")} ended with code ${status}\n${stdout}${stderr}`);
  process.exit(1);
}
