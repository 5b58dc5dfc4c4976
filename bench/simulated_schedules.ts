/** Simulated schedules, macrotasks and hours, beside the bare turns they need and fast-check's scheduler. */

import { explore, simulate } from "../testing.ts";
import { type Bench, type Case, peer, timeEach } from "./harness.ts";

/** Two tasks, each a read and a write. */
async function program(io: (label: string) => Promise<void>): Promise<void> {
  const actor = async (name: string) => {
    await io(`read ${name}`);
    await io(`write ${name}`);
  };
  await Promise.all([actor("a"), actor("b")]);
}

export const bench: Bench = {
  name: "simulated-schedules",
  claim: "a tiny program is run under 30,000 schedules a second: 33 us each",
  unit: "us",
  target: undefined,
  async cases() {
    const cases: Case[] = [
      {
        name: "a bare loop of immediates, one for each completion",
        kind: "floor",
        run: () => timeEach(2000, bareLoop),
      },
      {
        name: "Millrace: explore, by lot",
        kind: "ours",
        limits: { most: 33 },
        run: () =>
          timeEach(
            5000,
            () => explore((sim) => program((label) => sim.io(label)), { strategy: "random", maxSchedules: 5000 }),
          ),
      },
      {
        name: "Millrace: explore, all orders of a larger program",
        kind: "ours",
        run: () => timeEach(2520, () => explore(larger, { strategy: "exhaustive", maxSchedules: 2520 })),
      },
    ];
    await peer(cases, "fast-check: fc.scheduler", async () => {
      const { default: fc } = await import("fast-check");
      const property = fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const end = program((label) => scheduler.schedule(Promise.resolve(), label));
        await scheduler.waitIdle();
        await end;
      });
      return () => timeEach(1000, () => fc.assert(property, { numRuns: 1000 }));
    });
    return cases;
  },
};

const macrotaskCount = 100_000;

export const macrotasks: Bench = {
  name: "simulated-macrotasks",
  claim: "500,000 macrotasks of a simulation run in a second: 2 us each",
  unit: "us",
  target: undefined,
  most: 2,
  cases: () => [
    { name: "a bare loop of immediates, awaited", kind: "floor", run: () => timeEach(macrotaskCount, bareTurns) },
    {
      name: "completions, one after the other",
      kind: "ours",
      run: () =>
        timeEach(macrotaskCount, () =>
          simulate(async (sim) => {
            for (let turn = 0; turn < macrotaskCount; turn++) await sim.io("answer");
          })),
    },
    {
      name: "timers, 100 at a time",
      kind: "ours",
      run: () => timeEach(macrotaskCount, () => simulate(() => Promise.all(Array.from({ length: 100 }, timerChain)))),
    },
  ],
};

async function bareTurns(): Promise<void> {
  for (let turn = 0; turn < macrotaskCount; turn++) await new Promise<void>((resolve) => void setImmediate(resolve));
}

async function timerChain(_: unknown, index: number): Promise<void> {
  for (let turn = 0; turn < macrotaskCount / 100; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 1 + index % 7));
  }
}

const hour = 60 * 60 * 1000;

export const virtualHour: Bench = {
  name: "virtual-hour",
  claim: "an hour of virtual time with 1,000 timers takes less than 50 ms",
  unit: "ms",
  target: undefined,
  most: 50,
  cases: () => [
    {
      name: "1,000 timers over the hour",
      kind: "ours",
      run: () =>
        timeEach(1000, () =>
          simulate(() =>
            Promise.all(
              Array.from({ length: 1000 }, (_, index) =>
                new Promise((resolve) => setTimeout(resolve, hour / 1000 * (index + 1)))),
            )
          )),
    },
    {
      name: "1,000 intervals of a minute: 60,000 macrotasks",
      kind: "ours",
      run: () =>
        timeEach(1000, () =>
          simulate(async () => {
            const intervals = Array.from({ length: 1000 }, (_, index) => setInterval(() => {}, 60_000 + index));
            await new Promise((resolve) => setTimeout(resolve, hour));
            for (const interval of intervals) clearInterval(interval);
          })),
    },
  ],
};

/** Four tasks, the same program twice; 2,520 orders. */
async function larger(sim: { io(label: string): Promise<void> }): Promise<void> {
  await Promise.all([program((label) => sim.io(label)), program((label) => sim.io(label))]);
}

/** The same program 2,000 times, with completions released by lot and a turn of the host for each. */
async function bareLoop(): Promise<void> {
  for (let round = 0; round < 2000; round++) {
    const pending: (() => void)[] = [];
    let over = false;
    const end = program(() => new Promise((resolve) => pending.push(resolve))).then(() => over = true);
    await new Promise<void>((resolve) => {
      function turn(): void {
        if (over) return resolve();
        pending.splice(Math.floor(Math.random() * pending.length), 1)[0]?.();
        setImmediate(turn);
      }
      setImmediate(turn);
    });
    await end;
  }
}
