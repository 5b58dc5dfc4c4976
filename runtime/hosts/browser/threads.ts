import type { HostThreads } from "../../port/worker.ts";
import { takeWorker } from "../common/given_worker.ts";
import { spawnWebWorker } from "../common/web_worker.ts";

/** The threads of a browser: web workers, of which a page chooses nothing. */
export const browserThreads: HostThreads = {
  options: [],
  spawn: (module, options) =>
    typeof module === "function" ? takeWorker(module, options) : spawnWebWorker(loadable(module), options),
};

/** What a thread can be started from: a worker from a `data:` URL would be of no origin, and could load none of the page's modules. */
function loadable(module: URL): URL {
  if (!("Worker" in globalThis)) throw new TypeError("This host has no threads: it has no Worker");
  if (module.protocol !== "data:") return module;
  let url = blobs.get(module.href);
  if (url === undefined) {
    const source = atob(module.href.slice(module.href.indexOf(",") + 1));
    blobs.set(module.href, url = URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  }
  return new URL(url);
}

const blobs = new Map<string, string>();
