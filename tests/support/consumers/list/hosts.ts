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
    ...nodes.map((major) => ({ name: `Node ${major}, module`, runs: [command(`node${major} esm/main.mjs`)] })),
    ...nodes.map((major) => ({ name: `Node ${major}, CommonJS`, runs: [command(`node${major} cjs/main.cjs`)] })),
    { name: "Deno", runs: [command("deno run -A esm/main.mjs")] },
    { name: "Deno, few permissions", runs: [command("deno run --allow-read=. --allow-net=127.0.0.1 esm/main.mjs")] },
    { name: "Deno, CommonJS", runs: [command("deno run -A cjs/main.cjs")] },
    { name: "Bun", runs: [command("bun esm/main.mjs")] },
    { name: "Bun, CommonJS", runs: [command("bun cjs/main.cjs")] },
  ],
};

/** TypeScript as it stands, in a package with `"type": "module"` and in one without. */
export const typescript: Project = {
  folder: "typescript",
  program: { ts: ["ts", "mts", "cts"], "ts-module": ["ts", "mts", "cts"] },
  consumers: [
    typeScriptOn("Node 20, TypeScript, tsx", "node20 --import tsx"),
    typeScriptOn("Node 22, TypeScript", "node22"),
    typeScriptOn("Node 24, TypeScript", "node24"),
    typeScriptOn("Node 26, TypeScript", "node26"),
    typeScriptOn("Deno, TypeScript", "deno run -A"),
    typeScriptOn("Bun, TypeScript", "bun"),
  ],
};

function typeScriptOn(name: string, host: string): Consumer {
  return { name, runs: ["ts-module/main.ts", "ts/main.ts", "ts/main.mts"].map((file) => command(`${host} ${file}`)) };
}
