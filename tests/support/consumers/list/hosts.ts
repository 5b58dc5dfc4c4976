/**
 * Hosts that run the package from `node_modules`.
 *
 * @module
 */

import type { Project } from "../consumer.ts";
import { command } from "../steps.ts";

const nodes = [20, 22, 24, 26];

/** Node, Deno and Bun without tools. */
export const node: Project = {
  folder: "node",
  program: { esm: "mjs", cjs: "cjs" },
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
