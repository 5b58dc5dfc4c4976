import { show } from "../../basics/check.ts";
import type { GivenWorker, HostWorker, HostWorkerOptions } from "../../port/worker.ts";
import { overThread, type Thread } from "./thread.ts";
import { overWebWorker, type WebWorker } from "./web_worker.ts";

/** The workers that were given: one that is given twice would answer two pools, or one pool as two workers. */
const given = new WeakSet<object>();

/** `HostThreads.spawn` over the worker that a function of the program gives: web workers, and those of `node:worker_threads`. */
export function takeWorker(give: () => GivenWorker, options: HostWorkerOptions): HostWorker {
  const worker = give() as Partial<WebWorker & Thread> | undefined;
  if (typeof worker?.postMessage !== "function" || typeof worker.terminate !== "function") {
    throw new TypeError(
      `The function that starts the workers of a pool has to give a Worker: received ${show(worker)}`,
    );
  }
  if (given.has(worker)) {
    throw new TypeError(
      "The function that starts the workers of a pool has to give a new Worker each time: received one again",
    );
  }
  given.add(worker);
  // What Bun has by the name of Worker is both.
  return typeof worker.addEventListener === "function"
    ? overWebWorker(worker as WebWorker, options, false)
    : overThread(worker as Thread, options);
}
