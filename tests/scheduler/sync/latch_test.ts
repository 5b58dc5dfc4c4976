import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Cancelled, CancelScope, checkpoint, group, Latch, moveOnAfter } from "../../../mod.ts";
import { turnsUntil } from "../../support/turns.ts";

test("who waits for a latch goes on when it is opened, in order, and whoever comes later at once", async () => {
  const latch = new Latch();
  const log: number[] = [];
  const waits = [1, 2, 3].map((number) => latch.wait().then(() => log.push(number)));
  assertEquals(latch.isOpen, false);
  assertEquals(latch.statistics(), { isOpen: false, waiting: 3 });
  await checkpoint();
  assertEquals(log, []);
  latch.open();
  latch.open();
  assertEquals(latch.isOpen, true);
  await Promise.all(waits);
  await latch.wait();
  assertEquals(log, [1, 2, 3]);
});

test("a cancelled wait leaves nothing, and an open latch does not hide a cancellation", async () => {
  const latch = new Latch();
  assertEquals(await moveOnAfter(1, () => latch.wait().then(() => true)), undefined);
  assertEquals(latch.statistics().waiting, 0);
  latch.open();
  const scope = new CancelScope();
  await scope.run(async () => {
    scope.cancel();
    await assertRejects(() => latch.wait(), Cancelled);
  });
});

test("a latch opened and its waiter cancelled in the same turn: the cancellation wins", async () => {
  const latch = new Latch();
  const scope = new CancelScope();
  const waiting = scope.run(() => latch.wait().then(() => "passed"));
  latch.open();
  scope.cancel();
  assertEquals(await waiting, undefined);
});

test("opening a latch for 20,000 tasks does not run them all in one turn", async () => {
  const latch = new Latch();
  let passed = 0;
  let seen = -1;
  await group(async (g) => {
    for (let index = 0; index < 20_000; index++) {
      g.spawn(async () => {
        await latch.wait();
        passed++;
      });
    }
    await turnsUntil(() => latch.statistics().waiting === 20_000, "all wait");
    g.spawn(() => seen = passed, { priority: "user-blocking" });
    latch.open();
  });
  assertEquals(passed, 20_000);
  assert(seen < 1000, `${seen} went on before another task had its turn`);
});
