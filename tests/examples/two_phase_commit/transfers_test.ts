/** Transfers by two-phase commit on simulated machines: as they are there is no alarm, and each of the mistakes is found. */

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { moneyTransfers } from "../../../examples/two_phase_commit/simulated.ts";
import { Bank, type Bugs } from "../../../examples/two_phase_commit/transfers.ts";
import { simulate } from "../../../testing.ts";
import { firstAlarm } from "../../support/first_alarm.ts";

const run = (seed: number, bugs: Bugs = {}) => simulate(moneyTransfers({ bugs, faults: true }), { seed });

const alarmOf = (bugs: Bugs, from: number) => firstAlarm((seed) => run(seed, bugs), from);

test("money adds up, and all banks decide the same", async () => {
  for (let seed = 0; seed < 2; seed++) await run(seed);
});

test("a decision that is told before it is on the disk is forgotten with the power, and taken the other way", async () => {
  const message = await alarmOf({ lateDecision: true }, 35);
  assert(/^"all banks decide the same" does not hold|^Money does not add up/.test(message), message);
});

test("a bank that says yes before that is on its disk knows nothing of the money afterwards", async () => {
  const message = await alarmOf({ unsyncedYes: true }, 11);
  assert(message.startsWith("Money does not add up"), message);
});

test("money that a bank has promised is not promised twice, and what it may get is not yet there", () => {
  const bank = new Bank(100);
  bank.take({ id: "a", change: -70 });
  bank.take({ id: "b", change: 500 });
  assertEquals([bank.canPay(-30), bank.canPay(-31), bank.canPay(10)], [true, false, true]);
  bank.take({ id: "a", outcome: "abort" });
  bank.take({ id: "b", outcome: "commit" });
  assertEquals([bank.balance, bank.canPay(-600), bank.prepared.size], [600, true, 0]);
});
