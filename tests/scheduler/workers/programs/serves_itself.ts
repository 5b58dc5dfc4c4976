/** A worker module that serves its own functions. */

import { serveJobs } from "../../../../worker.ts";

export function add(a: number, b: number): number {
  return a + b;
}

serveJobs({ add });
