import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { explore, ScheduleFailure, simulate, type Simulation } from "../../../testing.ts";

/** Answers come after as long as the lot says, as in many a test of somebody's. */
async function answersByLot(): Promise<void> {
  let shown = "";
  await Promise.all(["a", "ab"].map(async (text) => {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
    shown = text;
  }));
  if (shown !== "ab") throw new Error(`shows ${shown}`);
}

async function failureOf(body: (sim: Simulation) => Promise<void>): Promise<ScheduleFailure> {
  return await assertRejects(() => explore(body), ScheduleFailure);
}

test("a body that waits for as long as the lot says fails where other lots make it fail", async () => {
  const { schedule, cause } = await failureOf(answersByLot);
  assertEquals((cause as Error).message, "shows a");
  assertEquals(schedule.length, 1);
  assert(/^the random numbers are those of seed \d+$/.test(schedule[0]!), schedule[0]);
});

test("a token brings the random numbers of its run back", async () => {
  const { token, schedule } = await failureOf(answersByLot);
  const again = await assertRejects(() => explore(answersByLot, { replay: token }), ScheduleFailure, "shows a");
  assertEquals(again.schedule, schedule);
  assertEquals(again.token, token);
});

test("the seed that a failing schedule names fails in a simulation too", async () => {
  const { schedule } = await failureOf(answersByLot);
  const seed = Number(/seed (\d+)$/.exec(schedule[0]!)![1]);
  await assertRejects(() => simulate(answersByLot, { seed }), Error, "shows a");
});

test("a guarantee says so when random numbers were drawn, and with how many others the body was run", async () => {
  const body = async (sim: Simulation) => {
    await Promise.all([sim.io("one"), sim.io("two")]);
    crypto.randomUUID();
  };
  const { guarantee, schedules } = await explore(body, { maxSchedules: 40 });
  assertEquals(schedules, 2 + 4);
  assertStringIncludes(
    guarantee,
    "with the random numbers of one seed; with those of 4 others the order of arrival passes",
  );
  const few = await explore(body, { maxSchedules: 2 });
  assertStringIncludes(few.guarantee, "no others were tried");
});

test("a body without random numbers runs with no other seed", async () => {
  const { guarantee, schedules } = await explore(async (sim) => {
    await Promise.all([sim.io("one"), sim.io("two")]);
  });
  assertEquals({ guarantee, schedules }, { guarantee: "all 2 schedules pass", schedules: 2 });
});

test("what fails with the caller's own seed is told without it", async () => {
  const { schedule } = await assertRejects(
    () => explore(() => Promise.reject(new Error(`drew ${Math.random()}`)), { seed: 5 }),
    ScheduleFailure,
  );
  assertEquals(schedule, ["everything comes in the order of its arrival"]);
});
