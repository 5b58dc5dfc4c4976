/**
 * The worlds that the programs are run in: ours, and those of other tools.
 *
 * @module
 */

import { explore, memoryStream, ScheduleFailure } from "@millrace/millrace/testing";
import FakeTimers from "@sinonjs/fake-timers";
import fc from "fast-check";

/** How many schedules a tool may take to find a fault. */
const longest = 1000;

/** What `explore` says of a program: the failure, or the report. */
export function explored({ body }, loaded) {
  return explore((sim) => body(loaded, { io: (label) => sim.io(label), stream: (bytes) => inPieces(sim, bytes) }), {
    maxSchedules: longest,
  }).catch((error) => {
    if (error instanceof ScheduleFailure) return error;
    throw error;
  });
}

function inPieces(sim, bytes) {
  const { readable, writable } = memoryStream(sim, { pieces: "chosen" });
  const writer = writable.getWriter();
  void writer.write(bytes).then(() => writer.close());
  return readable;
}

/** A stream in one piece: what these tools know of. */
function whole(bytes) {
  return new Response(bytes).body;
}

/** Which run of fast-check's scheduler finds it; `undefined` for none. */
export async function byFastCheck({ body }, loaded) {
  const property = fc.asyncProperty(fc.scheduler(), async (scheduler) => {
    const io = (label) => scheduler.schedule(Promise.resolve(), label);
    const end = body(loaded, { io, stream: whole });
    end.catch(() => {});
    await scheduler.waitFor(end);
  });
  const { failed, numRuns } = await fc.check(property, { numRuns: longest, seed: 1, endOnFailure: true });
  return failed ? numRuns : undefined;
}

/** Do fake timers find it, with an operation as a timer of one millisecond? */
export async function byFakeTimers({ body }, loaded) {
  const clock = FakeTimers.createClock();
  const io = () => new Promise((resolve) => clock.setTimeout(resolve, 1));
  let isOver = false;
  const end = body(loaded, { io, stream: whole }).then(() => false, () => true).finally(() => isOver = true);
  while (!isOver) {
    await clock.tickAsync(1);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return await end;
}
