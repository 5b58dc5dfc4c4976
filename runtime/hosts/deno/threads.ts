import type { HostThreads } from "../../port/worker.ts";
import { takeWorker } from "../common/given_worker.ts";
import { spawnWebWorker } from "../common/web_worker.ts";

/** The threads of Deno. */
export const denoThreads: HostThreads = {
  options: ["permissions"],
  tellsMemory: true,
  spawn: (module, options) =>
    typeof module === "function" ? takeWorker(module, options) : spawnWebWorker(module, options),
};
