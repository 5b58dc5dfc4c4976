/**
 * Hosts that are neither servers with threads nor pages.
 *
 * @module
 */

import type { Project } from "../consumer.ts";
import { command } from "../steps.ts";

const build = command("esbuild src/main.ts --bundle --format=esm --target=es2022 --conditions=workerd --outdir=dist");

/** workerd, the host of Cloudflare's workers. */
export const workerd: Project = {
  folder: "workerd",
  program: { src: ["ts"] },
  consumers: [
    {
      name: "workerd",
      builds: [build],
      runs: [command("node24 run.mjs")],
      unused: ["simulate", "explore", "serve", "RemotePool"],
    },
    {
      name: "workerd, nodejs_compat",
      runs: [command("node24 run.mjs nodejs_compat")],
      unused: ["simulate", "explore", "serve", "RemotePool"],
    },
  ],
};
