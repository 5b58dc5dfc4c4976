/**
 * Frameworks with a bundler of their own.
 *
 * @module
 */

import type { Project } from "../consumer.ts";
import { pageFrom } from "../in_page.ts";
import { command } from "../steps.ts";

const next = "node_modules/next/dist/bin/next";
const env = { NEXT_TELEMETRY_DISABLED: "1" };
// `@millrace/millrace/io` is for servers: Next's webpack refuses the names of Node's modules in a page.
const unused = ["serve"] as const;
const start = pageFrom(next, "start", "--hostname=127.0.0.1", "--port=0");

/** Next.js, with both of its bundlers. */
export const nextJs: Project = {
  folder: "next",
  program: { program: ["js"] },
  isSlow: true,
  consumers: [
    {
      name: "Next, Turbopack",
      builds: [command(`node20 ${next} build`, { env, limit: 180_000 })],
      runs: [start],
      unused,
    },
    {
      name: "Next, webpack",
      builds: [command(`node20 ${next} build --webpack`, { env, limit: 180_000 })],
      runs: [start],
      unused,
    },
  ],
};
