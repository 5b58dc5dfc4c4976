import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { explore, ScheduleFailure, type Simulation } from "../../../../testing.ts";
import { knownProgram } from "./known_minimum.ts";

async function failureOf(body: (sim: Simulation) => unknown, options: Parameters<typeof explore>[1] = {}) {
  const error = await explore(body, options).catch((error) => error);
  if (!(error instanceof ScheduleFailure)) throw new Error("No schedule fails", { cause: error });
  return error;
}

/** Twelve actors take five steps each, and three have to be held back until another one has taken its fourth. */
async function starved(sim: Simulation): Promise<void> {
  let zero = 0;
  const met = new Set<number>();
  await Promise.all(Array.from({ length: 12 }, async (_, n) => {
    for (let k = 1; k <= 5; k++) {
      await sim.io(`actor ${n}.${k}`);
      if (n === 0) zero = k;
      if (k === 1 && n >= 1 && n <= 3 && zero >= 4) met.add(n);
    }
  }));
  if (met.size === 3) throw new Error("all three were starved");
}

test("where three events of sixty have to be held back, three lines tell the failure, each until what it has to wait for", async () => {
  for (let seed = 1; seed <= 3; seed++) {
    const { schedule } = await failureOf(starved, { seed });
    assertEquals(
      [...schedule].sort(),
      [1, 2, 3].map((n) => `"actor ${n}.1" is held back until "actor 0.4" has come`),
    );
  }
});

test("programs of 20 to 200 events fail with as few events held back as it takes, whatever schedule was found first", async () => {
  let [found, least] = [0, 0];
  for (const seed of [4, 9, 18, 23, 27]) {
    const program = knownProgram(seed);
    for (const strategy of ["auto", "priority"] as const) {
      const error = await explore((sim) => program.body(sim), { seed, strategy, maxSchedules: 200 }).catch((error) =>
        error
      );
      if (!(error instanceof ScheduleFailure)) continue;
      found++;
      assert(error.schedule.length >= program.least, `seed ${seed}: ${error.schedule.length} lines`);
      if (error.schedule.length === program.least) least++;
    }
  }
  assert(found >= 5, `${found} of 10 were found`);
  assert(least >= found * 0.9, `${least} of ${found} are as small as can be`);
});

test("what comes after one of several events of a name, and before the next, is told by its number", async () => {
  const after = (wanted: number) =>
    failureOf(async (sim) => {
      let [polls, came] = [0, 0];
      const answer = sim.io("answer").then(() => void (came = polls));
      for (let poll = 0; poll < 4; poll++) {
        await sim.io("poll");
        polls++;
      }
      await answer;
      if (came === wanted) throw new Error(`after poll ${wanted}`);
    });
  assertEquals((await after(2)).schedule, ['"answer" is held back until "poll" (number 2) has come']);
  assertEquals((await after(3)).schedule, ['"answer" is held back until "poll" (number 3) has come']);
});

test("events of a name are counted by when they were asked for, also those that came without a choice", async () => {
  const { schedule } = await failureOf(async (sim) => {
    await sim.io("read");
    let reads = 1;
    const write = sim.io("write").then(() => reads);
    for (; reads < 4; reads++) await sim.io("read");
    if (await write === 3) throw new Error("between");
  });
  assertEquals(schedule, ['"write" is held back until "read" (number 3) has come']);
});

test("a replay runs the body once, and says so", async () => {
  const { token } = await failureOf(starved, { seed: 1 });
  let runs = 0;
  const again = await failureOf((sim) => {
    runs++;
    return starved(sim);
  }, { replay: token });
  assertEquals([again.schedules, runs, again.token], [1, 1, token]);
});
