/** What the tests of races are made of. */

import { assert } from "@std/assert";
import { sleep } from "../../../mod.ts";
import { explore, type Simulation } from "../../../testing.ts";
import { type Remote, withRemote } from "./remote_support.ts";

/** After how long a server is not heard of any more, in ms. */
export const ackWait = 3000;

/** What is left in the queue of a pool. */
export async function left({ engine }: Remote): Promise<{ queued: number; delivered: number }> {
  const connection = engine();
  const queue = await connection.queue("default", { ackWait, attempts: 3, limit: 100 });
  const counts = await queue.counts();
  await connection.close();
  return counts;
}

/** Waits until so much has become so: a schedule may hold a thread's message back for any time. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!await isSo()) await sleep(1000);
}

/** Runs a body under many orders of what happens, and of messages that are lost where `kinds` says so. */
export async function exploreRemote(
  body: (remote: Remote, sim: Simulation) => Promise<void>,
  { maxSchedules = 80, isFaulty = false }: { maxSchedules?: number; isFaulty?: boolean } = {},
): Promise<void> {
  const { schedules } = await explore((sim) => {
    if (isFaulty) sim.faults({ kinds: ["buggify"], atMost: 1 });
    return withRemote((remote) => body(remote, sim));
  }, { maxSchedules });
  assert(schedules >= 5, `only ${schedules} schedules`);
}

/** Runs by the text of their key: simulated threads are in this one. */
export function notedRuns(): string[] {
  return (globalThis as { notedRuns?: string[] }).notedRuns = [];
}
