import type { HostThreads } from "../../port/worker.ts";
import { takeWorker } from "../common/given_worker.ts";
import { spawnThread } from "./worker.ts";

/** The threads of Node. */
export const nodeThreads: HostThreads = {
  options: ["env", "argv", "execArgv", "resourceLimits"],
  tellsMemory: true,
  spawn: (module, options) => typeof module === "function" ? takeWorker(module, options) : spawnThread(module, options),
};
