import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  Cancelled,
  CancelScope,
  checkpoint,
  Condition,
  group,
  moveOnAfter,
  Mutex,
  StructureError,
  type Task,
} from "../../../mod.ts";
import { turns, turnsUntil } from "../../support/turns.ts";
import { testWith } from "../../support/needs.ts";

test("a condition needs a Mutex, and waiting needs it held by the caller", async () => {
  assertThrows(() => new Condition({} as Mutex), TypeError);
  const mutex = new Mutex();
  const condition = new Condition(mutex);
  await assertRejects(() => condition.wait(), StructureError, "free");
  await group(async (g) => {
    g.spawn(() => mutex.run(() => turns(6)), { name: "holder" });
    await turns(2);
    await g.spawn(() => assertRejects(() => condition.wait(), StructureError, "holder#"));
  });
  for (const count of [-1, 1.5, NaN]) assertThrows(() => condition.notify(count), RangeError);
});

test("wait gives the mutex back while it waits and holds it again when it settles, with the same permit", async () => {
  const mutex = new Mutex();
  const condition = new Condition(mutex);
  const log: string[] = [];
  await group((g) => {
    g.spawn(async () => {
      const permit = await mutex.acquire();
      log.push("waits");
      await condition.wait();
      log.push("woken");
      assert(mutex.locked, "the mutex is free");
      await turns(3);
      log.push("leaves");
      permit.release();
    });
    g.spawn(async () => {
      await turns(3);
      await mutex.run(() => {
        log.push("notifies");
        condition.notify();
      });
      await mutex.run(() => log.push("last"));
    });
  });
  assertEquals(log, ["waits", "notifies", "woken", "leaves", "last"]);
  assertEquals(mutex.locked, false);
});

test("notify wakes those who have waited longest, notifyAll everybody, and nothing is remembered", async () => {
  const mutex = new Mutex();
  const condition = new Condition(mutex);
  const woken: number[] = [];
  await group(async (g) => {
    condition.notifyAll();
    for (let index = 0; index < 5; index++) {
      g.spawn(() =>
        mutex.run(async () => {
          await condition.wait();
          woken.push(index);
        })
      );
    }
    await turnsUntil(() => condition.statistics().waiting === 5, "all wait");
    condition.notify();
    await turns();
    assertEquals(woken, [0]);
    condition.notify(2);
    await turns();
    assertEquals(woken, [0, 1, 2]);
    condition.notify(0);
    condition.notifyAll();
  });
  assertEquals(woken, [0, 1, 2, 3, 4]);
});

testWith("async context", "a cancelled wait holds the mutex when it throws, so that its cleanup is alone", async () => {
  const mutex = new Mutex();
  const condition = new Condition(mutex);
  const scope = new CancelScope();
  const log: string[] = [];
  await group((g) => {
    g.spawn(() =>
      scope.run(() =>
        mutex.run(async () => {
          try {
            await condition.wait();
          } catch (error) {
            assert(error instanceof Cancelled, `got ${error}`);
            log.push("cleans up");
            throw error;
          }
        })
      )
    );
    g.spawn(async () => {
      await turnsUntil(() => condition.statistics().waiting > 0, "one waits");
      await mutex.run(async () => {
        scope.cancel();
        await turns(5);
        log.push("leaves");
      });
    });
  });
  assertEquals(log, ["leaves", "cleans up"]);
  assertEquals(mutex.locked, false);
});

for (const [moment, pause] of [["at once", 0], ["while it waits for the mutex", 3]] as const) {
  testWith("async context", `a notification whose wait is cancelled ${moment} goes to the next`, async () => {
    const mutex = new Mutex();
    const condition = new Condition(mutex);
    const scope = new CancelScope();
    let woken = false;
    await group(async (g) => {
      g.spawn(() => scope.run(() => mutex.run(() => condition.wait())));
      g.spawn(() =>
        mutex.run(async () => {
          await condition.wait();
          woken = true;
        })
      );
      await turnsUntil(() => condition.statistics().waiting === 2, "all wait");
      await mutex.run(async () => {
        condition.notify();
        await turns(pause);
        scope.cancel();
        await turns(2);
      });
      await turns();
      assert(woken, "the notification was lost");
    });
    assertEquals(condition.statistics().waiting, 0);
  });
}

test("a permit acquired in another task, and returned by it, is enough to wait", async () => {
  const mutex = new Mutex();
  const condition = new Condition(mutex);
  await group(async (g) => {
    const waiter = g.spawn(async () => {
      using _permit = await group((inner) => inner.spawn(() => mutex.acquire()));
      await condition.wait();
    });
    await turnsUntil(() => condition.statistics().waiting > 0, "one waits");
    condition.notify();
    await waiter;
  });
  assertEquals(mutex.locked, false);
});

test("a permit released while its wait is suspended gives the mutex back when the wait ends", async () => {
  const mutex = new Mutex();
  const condition = new Condition(mutex);
  const permit = await mutex.acquire();
  const waiting = condition.wait();
  permit.release();
  condition.notify();
  await waiting;
  assertEquals(mutex.locked, false);
});

testWith(
  "async context",
  "producers and consumers over a condition lose nothing, whoever is cancelled at whatever step",
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(25), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 6 }),
        async (cancelAt, count) => {
          const mutex = new Mutex();
          const condition = new Condition(mutex);
          const queue: number[] = [];
          const taken: number[] = [];
          async function consume(): Promise<void> {
            for (;;) {
              await mutex.run(async () => {
                while (queue.length === 0) await condition.wait();
                taken.push(queue.shift()!);
              });
            }
          }
          await group(async (g) => {
            const victims: Task<void>[] = cancelAt.map(() => g.spawn(consume, { daemon: true }));
            g.spawn(consume, { daemon: true, name: "survivor" });
            g.spawn(async () => {
              for (let item = 0; item < count; item++) {
                await mutex.run(() => {
                  queue.push(item);
                  condition.notify();
                });
                await checkpoint();
              }
            });
            for (let step = 0; step <= 25; step++) {
              cancelAt.forEach((at, index) => at === step && victims[index]!.cancel());
              await checkpoint();
            }
            for (let round = 0; taken.length < count; round++) {
              assert(round < 100, `a wakeup was lost: ${taken.length} of ${count}`);
              await checkpoint();
            }
          });
          assertEquals(taken.sort(), Array.from({ length: count }, (_, item) => item));
          assertEquals(mutex.locked, false);
        },
      ),
      { numRuns: 200 },
    );
  },
);

test("a timeout around wait leaves the caller with the mutex", async () => {
  const mutex = new Mutex();
  const condition = new Condition(mutex);
  await mutex.run(async () => {
    await moveOnAfter(1, () => condition.wait());
    assert(mutex.locked, "the mutex is free");
  });
  assertEquals(mutex.locked, false);
});
