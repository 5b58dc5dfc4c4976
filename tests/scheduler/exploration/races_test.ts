/** Races that were found in real projects: found, made minimal, told, replayed, and silent once they are mended. */

import process from "node:process";
import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { explore, type ExploreOptions, ScheduleFailure, type Simulation } from "../../../testing.ts";
import { racePrograms } from "../../support/race_programs.ts";

function failureOf(body: (sim: Simulation) => unknown, options?: ExploreOptions): Promise<ScheduleFailure> {
  return assertRejects(() => explore(body, options), ScheduleFailure);
}

/** A failure without the lines of the stack that some causes name. */
const told = ({ cause }: ScheduleFailure) => String(cause).replace(/\(made.*/g, "");

/** The tokens with one of the held-back events less, and without the labels by which the body is known again. */
function smallerTokens(token: string): string[] {
  const parts = token.split("-");
  parts[2] = "0";
  return parts.slice(3).map((_, index) => parts.filter((_, at) => at !== index + 3).join("-"));
}

const found = new Map<string, Promise<ScheduleFailure>>();

for (const { name, deviations, broken, mended } of racePrograms) {
  test(`the race "${name}" is found within 50 schedules, told with its ${deviations} held-back events, and replayed`, async () => {
    found.set(name, failureOf(broken, { maxSchedules: 50 }));
    const failure = await found.get(name)!;
    assertEquals(smallerTokens(failure.token).length, deviations, failure.message);
    assertEquals(failure.schedule.length, Math.max(1, deviations), failure.message);
    assert(failure.message.includes(failure.token) && failure.message.includes(failure.schedule[0]!), failure.message);
    for (let round = 0; round < 20; round++) {
      const again = await failureOf(broken, { replay: failure.token });
      assertEquals([again.schedules, again.token, again.schedule], [1, failure.token, failure.schedule]);
      assertEquals(told(again), told(failure));
    }
    // No held-back event can be left out.
    for (const smaller of smallerTokens(failure.token)) {
      assertEquals((await explore(broken, { replay: smaller })).guarantee, "the schedule of the token passes");
    }
    assertEquals((await explore(mended, { replay: failure.token })).schedules, 1);
  });

  test(`the mended twin of "${name}" passes under all schedules that are tried`, async () => {
    const maxSchedules = Number(process.env["MILLRACE_SCHEDULES"] ?? 200);
    await explore(mended, { maxSchedules });
    await explore(mended, { maxSchedules, strategy: "random", seed: 7 });
  });
}

test("half of the races are found within five schedules", async () => {
  const counts = await Promise.all([...found.values()].map(async (each) => (await each).schedules));
  assertEquals(counts.length, racePrograms.length);
  assert(counts.sort((a, b) => a - b)[counts.length >> 1]! <= 5, `${counts}`);
});
