/** What the workers serve: the grep of examples/search, one call for a few files. */

import { sleep } from "../../mod.ts";
import { currentJob, workerData } from "../../worker.ts";
import { grep, type Match } from "../search/grep_worker.ts";

/** What the threads of a worker are told. */
export interface WorkerSettings {
  /** The name of the worker. */
  worker: string;
  /** For how many ms each call waits before it begins, so that people can watch it. */
  pause: number;
}

/** What is said of a call as it begins: who has it, and how often it was tried. */
export interface Begun {
  worker: string;
  attempt: number;
}

/**
 * Looks through files, and gives all that it finds at once. A generator is never run a second time, because somebody has seen its first
 * values; a function is. This one only reads, so that it does no harm to run it twice.
 */
export async function search(paths: string[], source: string, flags: string, most: number): Promise<Match[]> {
  const { worker, pause } = workerData<WorkerSettings>();
  const job = currentJob();
  job.progress({ worker, attempt: job.attempt } satisfies Begun);
  await sleep(pause);
  const found: Match[] = [];
  for await (const matches of grep(paths, source, flags, most)) found.push(...matches);
  return found;
}
