/**
 * The values of a stream, on their way to its caller.
 *
 * @module
 */

import type { Answers } from "./answers.ts";
import type { HeldJob } from "./held_job.ts";

/** Sends values, never more than the caller has room for; ends their source with the job. */
export async function sendStream(
  job: HeldJob,
  values: AsyncIterableIterator<unknown>,
  answers: Answers,
): Promise<void> {
  try {
    while (!job.isOver) {
      while (job.credit === 0 && !job.isOver) await new Promise<void>((resolve) => job.onCredit = resolve);
      const step = await values.next();
      if (step.done || job.isOver) return;
      job.credit--;
      answers.say(job, "value", step.value, job.told++);
    }
  } finally {
    await values.return?.();
  }
}
