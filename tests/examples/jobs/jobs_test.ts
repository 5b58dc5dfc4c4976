/** The queue of jobs on simulated machines: as it is it gives no alarm, and each of its mistakes is found. */

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { ask } from "../../../examples/kv/protocol.ts";
import { type Bugs, type JobState, runQueue, runStorage } from "../../../examples/jobs/jobs.ts";
import { jobQueue } from "../../../examples/jobs/simulated.ts";
import { simulate } from "../../../testing.ts";
import { firstAlarm } from "../../support/first_alarm.ts";

const run = (seed: number, bugs: Bugs = {}) => simulate(jobQueue({ bugs, faults: true }), { seed });

const alarmOf = (bugs: Bugs, from: number) => firstAlarm((seed) => run(seed, bugs), from);

test("all acknowledged jobs are done, each by the one whose result is kept", async () => {
  for (let seed = 0; seed < 2; seed++) await run(seed);
});

test("a storage without a fence keeps the result of a worker that lost its job long ago", async () => {
  const message = await alarmOf({ noFence: true }, 4);
  assert(message.startsWith("A result is of somebody else"), message);
});

test("a job that is acknowledged before it is on the disk is lost with the power", async () => {
  const message = await alarmOf({ ackBeforeSync: true }, 0);
  assert(message.startsWith("A job is lost that was acknowledged"), message);
});

test("a job is lent again with a higher token when its time is over, and only who has that one ends it", async () => {
  await simulate(async (sim) => {
    const settings = { folder: "/data", port: 80 };
    sim.machine("queue", () => runQueue(settings));
    sim.machine("storage", () => runStorage(settings));
    const queue = async (path: string, question: unknown = {}) => await ask("http://queue", path, question, 1000);
    const store = async (token: number) => await ask("http://storage", "/store", { id: "a", token, result: "" }, 1000);
    while (await queue("/submit", { id: "a" }) === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
    assertEquals(await queue("/take"), { id: "a", token: 1 });
    assertEquals(await queue("/take"), {});
    await new Promise((resolve) => setTimeout(resolve, 1000));
    assertEquals(await queue("/take"), { id: "a", token: 2 });
    assertEquals([await store(2), await store(1)], [{ ok: true }, { ok: false }]);
    assertEquals(await queue("/done", { id: "a", token: 1 }), { ok: false });
    assertEquals(await queue("/done", { id: "a", token: 2 }), { ok: true });
    assertEquals(await queue("/list") as JobState[], [{ id: "a", token: 2, isDone: true }]);
  });
});
