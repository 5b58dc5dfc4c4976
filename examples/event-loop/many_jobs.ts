// Twenty-one jobs that are each polite: by `setImmediate` all of them have their chunk before a timer or a socket is looked at,
// because Node and Bun run all immediates that wait. Ours share one slice, on every host. Deno looks at its timers in between.

import { forEachChunked } from "../../mod.ts";

const jobs = Array.from({ length: 21 }, (_, job) => job);
const chunks = 10;

function work(): void {
  const end = performance.now() + 1;
  while (performance.now() < end);
}

/** The most chunks of work that ran between two callbacks of a timer of 1 ms. */
async function mostBetween(run: (chunk: () => void) => Promise<unknown>): Promise<number> {
  let between = 0;
  let most = 0;
  const timer = setInterval(() => between = 0, 1);
  await run(() => {
    work();
    most = Math.max(most, ++between);
  });
  clearInterval(timer);
  return most;
}

async function politeJob(chunk: () => void): Promise<void> {
  for (let n = 0; n < chunks; n++) {
    await new Promise((resolve) => setImmediate(resolve));
    chunk();
  }
}

const polite = await mostBetween((chunk) => Promise.all(jobs.map(() => politeJob(chunk))));
const fair = await mostBetween((chunk) => Promise.all(jobs.map(() => forEachChunked(chunks, chunk))));
console.log(`setImmediate: ${polite >= jobs.length ? "all 21 jobs" : "some jobs"} before the timer`);
console.log(`one slice for all: ${fair < jobs.length ? "a few chunks" : fair} before the timer`);
