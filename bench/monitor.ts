/** What it costs to be watched: turns that do a little, with and without a monitor. */

import { group, LoopMonitor, sleep } from "../mod.ts";
import { type Bench, type Timed, timeEach } from "./harness.ts";

const turns = 500;
let sum = 0;

/** Some 50 us, as the code between two waits of a request has. */
function work(): void {
  for (let index = 0; index < 25_000; index++) sum = (Math.imul(sum, 31) + index) | 0;
}

function allTurns(): Promise<Timed> {
  return timeEach(turns, () =>
    group((g) => {
      for (let turn = 0; turn < turns; turn++) g.spawn(work);
    }, { name: "watched" }));
}

async function watched(options: { watchdog?: number }): Promise<Timed> {
  const monitor = new LoopMonitor(options);
  // The thread of a watchdog takes the machine while it starts.
  if (options.watchdog !== undefined) await sleep(500);
  try {
    return await allTurns();
  } finally {
    monitor.close();
  }
}

export const bench: Bench = {
  name: "monitor",
  claim: "a monitor costs less than 1 % of turns of some 50 us",
  unit: "us",
  target: 1.01,
  rounds: 21,
  cases: () => [
    { name: "unwatched", kind: "floor", run: allTurns },
    { name: "Millrace: with a LoopMonitor", kind: "ours", run: () => watched({}) },
    { name: "Millrace: with a watchdog too", kind: "ours", run: () => watched({ watchdog: 1000 }) },
  ],
};
