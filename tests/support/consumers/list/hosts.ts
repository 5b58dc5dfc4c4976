/**
 * Hosts that run the package from `node_modules`.
 *
 * @module
 */

import type { Consumer, Project } from "../consumer.ts";
import { command } from "../steps.ts";

const nodes = [20, 22, 24, 26];

/** Node, Deno and Bun without tools. */
export const node: Project = {
  folder: "node",
  program: { esm: ["mjs"], cjs: ["cjs"] },
  consumers: [
    ...nodes.map((major) => ({ name: `Node ${major}, module`, run: command(`node${major} esm/main.mjs`) })),
    ...nodes.map((major) => ({ name: `Node ${major}, CommonJS`, run: command(`node${major} cjs/main.cjs`) })),
    { name: "Deno", run: command("deno run -A esm/main.mjs") },
    { name: "Deno, few permissions", run: command("deno run --allow-read=. --allow-net=127.0.0.1 esm/main.mjs") },
    { name: "Deno, CommonJS", run: command("deno run -A cjs/main.cjs") },
    { name: "Bun", run: command("bun esm/main.mjs") },
    { name: "Bun, CommonJS", run: command("bun cjs/main.cjs") },
  ],
};

/** TypeScript as it stands, in a package with `"type": "module"` and in one without. */
export const typescript: Project = {
  folder: "typescript",
  program: { ts: ["ts", "mts", "cts"], "ts-module": ["ts", "mts", "cts"] },
  consumers: [
    ...typeScriptOn("Node 20, tsx", "node20 --import tsx"),
    ...typeScriptOn("Node 22", "node22"),
    ...typeScriptOn("Node 24", "node24"),
    ...typeScriptOn("Node 26", "node26"),
    ...typeScriptOn("Deno", "deno run -A"),
    ...typeScriptOn("Bun", "bun"),
  ],
};

function typeScriptOn(name: string, host: string): Consumer[] {
  return [
    { name: `${name}, TypeScript, "type": "module"`, run: command(`${host} ts-module/main.ts`) },
    { name: `${name}, TypeScript, no "type"`, run: command(`${host} ts/main.ts`) },
    { name: `${name}, TypeScript, no "type", .mts`, run: command(`${host} ts/main.mts`) },
  ];
}
