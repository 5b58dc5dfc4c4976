/**
 * Test runners.
 *
 * @module
 */

import type { Project } from "../consumer.ts";
import { command } from "../steps.ts";

/** Vitest, in each of its pools. */
export const vitest: Project = {
  folder: "vitest",
  program: { src: ["ts"] },
  consumers: ["forks", "threads", "vmThreads"].map((pool) => ({
    name: `Vitest, ${pool}`,
    runs: [command(`node24 node_modules/vitest/vitest.mjs run --pool=${pool} --disable-console-intercept`)],
  })),
};

/** Jest, whose modules are still behind a flag of Node. */
export const jest: Project = {
  folder: "jest",
  program: { src: ["mjs"] },
  consumers: [
    {
      name: "Jest",
      runs: [command("node24 --experimental-vm-modules node_modules/jest/bin/jest.js")],
    },
  ],
};

/** Released packages with known races, which the kit has to find; `docs/found.md` shows them. */
export const found: Project = {
  folder: "found",
  consumers: [
    ["Node 20", "node20 --test src/found.test.mjs"],
    ["Node 26", "node26 --test src/found.test.mjs"],
    ["Deno", "deno test -A --no-check src/found.test.mjs"],
    ["Bun", "bun test src/found.test.mjs"],
  ].map(([host, words]) => ({ name: `Known races, ${host}`, runs: [command(words!)], isCheck: true })),
};
