/** A schedule of a tiny program, beside the bare turns it needs and fast-check's scheduler. */

import { explore } from "../testing.ts";
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
