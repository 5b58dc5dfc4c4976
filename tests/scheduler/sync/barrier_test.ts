import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Barrier, BarrierBrokenError, Cancelled, CancelScope, group, moveOnAfter } from "../../../mod.ts";
import { turns, turnsUntil, watch } from "../../support/turns.ts";

test("parties that are no finite whole number of at least 1 are refused", () => {
  for (const parties of [0, -1, 1.5, NaN, Infinity]) assertThrows(() => new Barrier(parties), RangeError);
  assertThrows(() => new Barrier("2" as unknown as number), TypeError);
});

test("all go on when the last has arrived, each with its place; then the barrier can be used again", async () => {
  const barrier = new Barrier(3);
  for (let round = 0; round < 3; round++) {
    const waits = [barrier.wait(), barrier.wait()];
    const states = waits.map(watch);
    await turns();
    assertEquals(states.map(({ state }) => state), ["pending", "pending"]);
    assertEquals(barrier.statistics(), { parties: 3, waiting: 2, broken: false });
    assertEquals(await Promise.all([...waits, barrier.wait()]), [0, 1, 2]);
  }
  assertEquals(await new Barrier(1).wait(), 0);
});

test("a party that comes round again at once belongs to the next round", async () => {
  const barrier = new Barrier(2);
  const log: string[] = [];
  async function party(name: string): Promise<void> {
    for (let round = 0; round < 50; round++) {
      log.push(`${name}${round}`);
      await barrier.wait();
    }
  }
  await group((g) => {
    g.spawn(() => party("a"));
    g.spawn(() => party("b"));
  });
  for (let round = 0; round < 50; round++) {
    assertEquals(log.slice(2 * round, 2 * round + 2).sort(), [`a${round}`, `b${round}`]);
  }
});

test("a party that is cancelled while it waits breaks the barrier: the others get an error, not a hang", async () => {
  const barrier = new Barrier(3);
  const other = watch(barrier.wait());
  assertEquals(await moveOnAfter(1, () => barrier.wait()), undefined);
  await turns();
  assert(other.error instanceof BarrierBrokenError, `got ${other.error}`);
  assertEquals(barrier.broken, true);
  await assertRejects(() => barrier.wait(), BarrierBrokenError);
  barrier.reset();
  assertEquals(await Promise.all([barrier.wait(), barrier.wait(), barrier.wait()]), [0, 1, 2]);
});

test("a party that arrives cancelled breaks it too", async () => {
  const barrier = new Barrier(2);
  const other = watch(barrier.wait());
  const scope = new CancelScope();
  await scope.run(async () => {
    scope.cancel();
    await assertRejects(() => barrier.wait(), Cancelled);
  });
  await turns();
  assert(other.error instanceof BarrierBrokenError, `got ${other.error}`);
});

test("once all have arrived, the cancellation of one is nothing to the others", async () => {
  const barrier = new Barrier(2);
  const scope = new CancelScope();
  const cancelled = scope.run(() => barrier.wait());
  const other = barrier.wait();
  scope.cancel();
  assertEquals(await cancelled, undefined);
  assertEquals(await other, 1);
  assertEquals(barrier.broken, false);
});

test("a group whose parties are all cancelled at once ends with its own error", async () => {
  const barrier = new Barrier(4);
  const error = new Error("mine");
  const got = await assertRejects(() =>
    group(async (g) => {
      for (let party = 0; party < 3; party++) g.spawn(() => barrier.wait());
      await turnsUntil(() => barrier.statistics().waiting === 3, "all wait");
      throw error;
    })
  );
  assertEquals(got, error);
});
