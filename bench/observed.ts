/** What it costs that a program can be observed: with nobody who looks, with a trace, and with a page that looks. */

import { spawn } from "node:child_process";
import { inspector } from "../io/mod.ts";
import { group, sleep, startTrace } from "../mod.ts";
import { type Bench, type Timed, timeEach } from "./harness.ts";

const size = 1000;
const times = 50;

const work = async (): Promise<void> => {};

/** Groups of 1,000 tasks. */
function tasks(): Promise<Timed> {
  return timeEach(size * times, async () => {
    for (let time = 0; time < times; time++) {
      await group((g) => {
        for (let index = 0; index < size; index++) g.spawn(work);
      });
    }
  });
}

export const unobserved: Bench = {
  name: "inspector-off",
  claim: "an inspector at which nobody looks costs nothing: at most 1.01 x a spawn and join without it",
  unit: "us",
  target: 1.01,
  rounds: 31,
  cases: () => [
    { name: "without an inspector", kind: "floor", run: tasks },
    {
      name: "Millrace: with an inspector, nobody looks",
      kind: "ours",
      async run() {
        await using _page = await inspector({ print: false });
        return await tasks();
      },
    },
  ],
};

export const traced: Bench = {
  name: "trace",
  claim: "while a trace is recorded, spawn and join cost at most 1.3 x",
  unit: "us",
  target: 1.3,
  rounds: 21,
  cases: () => [
    { name: "not traced", kind: "floor", run: tasks },
    {
      name: "Millrace: while a trace is recorded",
      kind: "ours",
      async run() {
        using _trace = startTrace();
        return await tasks();
      },
    },
  ],
};

/** How many tasks wait, how many are started and end in a second, and for how many seconds that is watched. */
const waiting = 10_000;
const perSecond = 2000;
const seconds = 3;

/** What the program costs in us of CPU time for each second, with so many tasks and so many that come and go. */
function churn(): Promise<Timed> {
  return group(async (g) => {
    for (let index = 0; index < waiting; index++) g.spawn(() => sleep(60_000), { name: "waiting" });
    await sleep(500);
    const timed = await timeEach(seconds, async () => {
      for (let beat = 0; beat < seconds * 100; beat++) {
        for (let index = 0; index < perSecond / 100; index++) g.spawn(() => sleep(5), { name: "passing" });
        await sleep(10);
      }
    });
    g.cancel();
    return timed;
  });
}

export const viewed: Bench = {
  name: "inspector-viewer",
  claim:
    "one who looks at 10,000 tasks, with 2,000 that start and end in a second, costs at most 1 % of the processor: 10,000 us a second",
  unit: "us",
  target: undefined,
  rounds: 5,
  warmUps: 1,
  cases: () => [
    { name: "nobody looks", kind: "floor", run: churn },
    {
      name: "Millrace: one looks, all unfolded",
      kind: "ours",
      async run() {
        await using page = await inspector({ print: false });
        // A process of its own, as a browser is.
        const viewer = spawn("curl", ["-sN", String(new URL("events", page.url))], { stdio: "ignore" });
        try {
          return await churn();
        } finally {
          viewer.kill();
        }
      },
    },
  ],
};
