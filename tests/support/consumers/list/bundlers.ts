/**
 * Bundlers and the like for servers. What they make is run where the project's packages are not found.
 *
 * @module
 */

import type { Project, Step } from "../consumer.ts";
import { command } from "../steps.ts";

/** The oldest and the newest Node, on the same file. */
function onNodes(file: string): Step[] {
  return ["node20", "node26"].map((node) => command(`${node} {elsewhere}/${file}`));
}

const esbuildFor = "--bundle --platform=node --target=node20 --log-level=warning";

/** esbuild. */
export const esbuild: Project = {
  folder: "esbuild",
  program: { src: ["ts"] },
  consumers: [
    {
      name: "esbuild, module",
      builds: [
        command(
          `esbuild src/main.ts src/tasks.ts ${esbuildFor} --format=esm --out-extension:.js=.mjs --outdir={elsewhere}/esm`,
        ),
      ],
      runs: onNodes("esm/main.mjs"),
    },
    {
      name: "esbuild, minified, splitting",
      builds: [
        command(
          `esbuild src/main.ts src/tasks.ts ${esbuildFor} --format=esm --minify --splitting --out-extension:.js=.mjs --outdir={elsewhere}/split`,
        ),
      ],
      runs: onNodes("split/main.mjs"),
    },
    {
      name: "esbuild, CommonJS",
      builds: [
        command(
          `esbuild src/main_cjs.ts src/tasks.ts ${esbuildFor} --format=cjs --out-extension:.js=.cjs --outdir={elsewhere}/cjs`,
        ),
      ],
      runs: onNodes("cjs/main_cjs.cjs"),
    },
  ],
};

/** Rollup. */
export const rollup: Project = {
  folder: "rollup",
  program: { src: ["mjs"] },
  consumers: [
    {
      name: "Rollup",
      builds: [command("rollup -c --silent --configElsewhere {elsewhere}")],
      runs: onNodes("chunks/main.mjs"),
    },
    { name: "Rollup, preserveModules", runs: onNodes("modules/main.mjs") },
  ],
};

/** The tracer of files that serverless hosts use. */
export const nft: Project = {
  folder: "nft",
  program: { src: ["mjs"] },
  consumers: [
    {
      name: "@vercel/nft",
      builds: [command("node20 trace.mjs {elsewhere}")],
      runs: onNodes("src/main.mjs"),
    },
  ],
};

/** Bun as a bundler. */
export const bun: Project = {
  folder: "bun",
  program: { src: ["ts"] },
  consumers: [
    {
      name: "bun build",
      builds: [command("bun build src/main.ts src/tasks.ts --target=bun --outdir={elsewhere}/bun")],
      runs: [command("bun {elsewhere}/bun/main.js")],
    },
    {
      name: "bun build, for Node",
      builds: [
        command("bun build src/main.ts src/tasks.ts --target=node --format=esm --outdir={elsewhere}/node"),
        command("cp package.json {elsewhere}/node/package.json"),
      ],
      runs: onNodes("node/main.js"),
    },
    {
      name: "bun build --compile",
      builds: [
        command("bun build src/main_compiled.ts src/worker.ts --compile --outfile={elsewhere}/compiled", {
          limit: 120_000,
        }),
      ],
      runs: [command("{elsewhere}/compiled")],
    },
  ],
};

/** An executable with Node in it. */
export const sea: Project = {
  folder: "sea",
  program: { src: ["ts"] },
  consumers: [
    {
      name: "Node 26, single executable",
      builds: [
        command(`esbuild src/main.ts ${esbuildFor} --format=cjs --outfile=main.cjs`),
        command(`esbuild src/tasks.ts ${esbuildFor} --format=esm --outfile={elsewhere}/tasks.mjs`),
        command("node26 --build-sea sea.json"),
        command("mv app {elsewhere}/app"),
      ],
      runs: [command("{elsewhere}/app")],
    },
  ],
};
