import type { HostWorker, HostWorkerOptions } from "../worker_port.ts";
export function spawnWebWorker(_module: URL, _options: HostWorkerOptions): HostWorker {
  throw new Error("placeholder");
}
