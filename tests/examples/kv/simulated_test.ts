/** The replicated store on simulated machines: as it is it gives no alarm, and each of the six mistakes is found. */

import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Bugs } from "../../../examples/kv/bugs.ts";
import { replicatedStore } from "../../../examples/kv/simulated.ts";
import { simulate, soak } from "../../../testing.ts";
import { firstAlarm } from "../../support/first_alarm.ts";

const run = (seed: number, bugs: Bugs = {}, form: "raft" | "pair" = "raft") =>
  simulate(replicatedStore({ form, bugs, faults: true }), { seed });

const alarmOf = (bugs: Bugs, from: number, form?: "raft" | "pair") => firstAlarm((seed) => run(seed, bugs, form), from);

test("the store as it is gives no alarm", async () => {
  for (let seed = 0; seed < 2; seed++) await run(seed);
});

test("nor does a primary with a backup", async () => {
  for (let seed = 0; seed < 2; seed++) await run(seed, {}, "pair");
});

const found: [bug: keyof Bugs, seed: number, alarm: RegExp][] = [
  ["lostAck", 2, /^Not linearizable/],
  ["staleRead", 2, /^Not linearizable/],
  ["doubleVote", 4, /^"a term has one leader" does not hold/],
  ["unsyncedVote", 47, /^"a term has one leader" does not hold/],
  ["splitBrain", 5, /^"(a term has one leader|what is committed is|a leader has all)|^Not linearizable/],
  ["logTruncation", 1, /^"(what is committed is|a leader has all)/],
];
for (const [bug, seed, alarm] of found) {
  test(`of the six mistakes this one is found: ${bug}`, async () => {
    const message = await alarmOf({ [bug]: true }, seed);
    assert(alarm.test(message), message);
  });
}

const ofPair: [bug: keyof Bugs, seed: number, alarm: RegExp][] = [
  ["lostAck", 101, /^Not linearizable/],
  ["staleRead", 106, /^Not linearizable/],
  ["splitBrain", 103, /^"a view has one primary" does not hold|^"what is done is the same|^Not linearizable/],
];
for (const [bug, seed, alarm] of ofPair) {
  test(`with a primary and a backup this mistake is found: ${bug}`, async () => {
    const message = await alarmOf({ [bug]: true }, seed, "pair");
    assert(alarm.test(message), message);
  });
}

test("a run of one seed is the same each time", async () => {
  const message = async () => (await assertRejects(() => run(2, { lostAck: true }), Error)).message;
  assert(await message() === await message());
});

test("the same seeds have the same events on every host, to the last one", async () => {
  const { hash, events } = await soak(replicatedStore({ requests: 12 }), { seeds: 5 });
  assertEquals([hash, events], [788376396, 7265]);
});
