import type { HostThreads } from "../../port/worker.ts";
import { takeWorker } from "../common/given_worker.ts";
import { spawnWebWorker } from "../common/web_worker.ts";

/** The threads of Bun. */
export const bunThreads: HostThreads = {
  // Bun takes resourceLimits and does not keep to them: a limit that is none is worse than an error.
  options: ["env", "argv", "execArgv"],
  tellsMemory: true,
  spawn: (module, options) =>
    typeof module === "function" ? takeWorker(module, options) : spawnWebWorker(module, options),
};
