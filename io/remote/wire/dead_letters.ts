/**
 * Jobs that were given up.
 *
 * @module
 */

import { wallClock } from "../../../runtime/basics/wall_clock.ts";
import type { JobMessage, JobQueue } from "../engine/engine.ts";
import { besideHeader } from "./large.ts";
import { deadHeaders, headerOf } from "./subjects.ts";

/** Why a job was given up. */
export interface GivenUp {
  readonly error: unknown;
  readonly attempts: number;
  /** Who tried it last; "" where nobody has said. */
  readonly worker: string;
}

/** Puts a job among the dead letters; once, however many do so. */
export function bury(
  queue: JobQueue,
  job: JobMessage,
  { error, attempts, worker }: GivenUp,
): Promise<void> {
  const { id, name, priority, body } = job;
  const text = error instanceof Error ? `${error.name}: ${error.message}` : "what was thrown is no error";
  const headers = {
    ...besideHeader(job),
    [deadHeaders.error]: headerOf(text),
    [deadHeaders.attempts]: String(attempts),
    [deadHeaders.worker]: headerOf(worker),
    [deadHeaders.at]: new Date(wallClock()).toISOString(),
  };
  return queue.dead.add({ id, name, priority, body, headers });
}

/** Puts a job that stays in its queue, because it was delivered as often as it may be, among the dead letters. */
export async function buryStuck(queue: JobQueue, sequence: number, why: GivenUp): Promise<JobMessage | undefined> {
  const job = await queue.look(sequence);
  if (job === undefined) return undefined;
  await bury(queue, job, why);
  return await queue.remove(sequence) ? job : undefined;
}

/** What a job is published as that was a dead letter in a place: what it was published as before is known still, and so is its letter. */
export function idOfAgain(id: string, sequence: number): string {
  return `${firstId(id)}.again.${sequence}`;
}

/** What a job was published as at first. */
export function firstId(id: string): string {
  return id.replace(/\.again\.\d+$/, "");
}
