/** How many schedules it takes to find a race, beside fast-check's scheduler. The same programs are the tests'. */

import { explore, ScheduleFailure, type Simulation } from "../testing.ts";
import { type RaceProgram, racePrograms } from "../tests/support/race_programs.ts";
import type { Bench, Case } from "./harness.ts";

/** Where the search ends without having found anything. */
const cap = 2000;

/** Programs that use timers, for which fast-check's scheduler has no more than a recipe. */
const withTimers = /crawler|keep-alive|pool leak|interval|timeout/;

export const bench: Bench = {
  name: "bugs",
  claim: `each race is found within 50 schedules (${cap} stands for: not found)`,
  unit: "schedules",
  target: undefined,
  rounds: 15,
  async cases() {
    const { default: fc } = await import("fast-check");
    const cases: Case[] = [];
    for (const program of racePrograms) {
      cases.push({ name: `${program.name}: Millrace`, kind: "ours", run: () => ours(program) });
      if (withTimers.test(program.name)) continue;
      let seed = 0;
      cases.push({ name: `${program.name}: fc.scheduler`, kind: "peer", run: () => theirs(program, ++seed) });
    }
    return cases;

    async function theirs({ broken }: RaceProgram, seed: number): Promise<number> {
      const property = fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        let settled = false;
        const sim = {
          io: (label: string) => scheduler.schedule(Promise.resolve(), label),
          allBlocked: () => Promise.resolve(),
        };
        const end = broken(sim as unknown as Simulation).finally(() => settled = true);
        end.catch(() => {});
        await scheduler.waitIdle();
        if (!settled) throw new Error("The program has not ended");
        await end;
      });
      const { failed, numRuns } = await fc.check(property, { seed, numRuns: cap, endOnFailure: true });
      return failed ? numRuns : cap;
    }
  },
};

async function ours({ broken }: RaceProgram): Promise<number> {
  try {
    await explore(broken, { maxSchedules: cap });
    return cap;
  } catch (error) {
    if (error instanceof ScheduleFailure) return error.schedules;
    throw error;
  }
}
