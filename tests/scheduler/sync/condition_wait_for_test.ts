import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  Cancelled,
  CancelScope,
  checkpoint,
  Condition,
  formatTasks,
  group,
  moveOnAfter,
  Mutex,
  StructureError,
  type Task,
} from "../../../mod.ts";
import { searched } from "../../support/searched.ts";
import { countListeners } from "../../support/shared_signal.ts";
import { strayRejections } from "../../support/stray.ts";
import { turns, turnsUntil, watch } from "../../support/turns.ts";
import { testWith } from "../../support/needs.ts";

test("arguments of a wrong kind are refused with the value received", async () => {
  const mutex = new Mutex();
  const condition = new Condition(mutex);
  using _permit = await mutex.acquire();
  assertThrows(() => condition.waitFor(1 as never), TypeError, "received 1");
  assertThrows(() => condition.waitFor(() => true, { timeout: 1 } as never), TypeError, `signal: received "timeout"`);
  assertThrows(() => condition.waitFor(() => true, { signal: "no" as never }), TypeError, "no");
  await assertRejects(() => condition.waitFor((() => Promise.resolve(true)) as never), TypeError, "returned a promise");
  assert(mutex.locked, "the mutex is free");
});

test("it needs the mutex of the caller, and is over at once where the predicate holds", async () => {
  const mutex = new Mutex();
  const condition = new Condition(mutex);
  let asked = 0;
  await assertRejects(() => condition.waitFor(() => ++asked > 0), StructureError, "free");
  await group(async (g) => {
    g.spawn(() => mutex.run(() => turns(6)), { name: "holder" });
    await turns(2);
    await g.spawn(() => assertRejects(() => condition.waitFor(() => false), StructureError, "holder#"));
  });
  await mutex.run(() => condition.waitFor(() => ++asked > 0));
  assertEquals(asked, 1);
});

testWith(
  "async context",
  "the predicate is asked after each notification with the mutex held, until it holds",
  async () => {
    const mutex = new Mutex();
    const condition = new Condition(mutex);
    let stock = 0;
    const asked: [number, boolean][] = [];
    await group(async (g) => {
      const waiter = g.spawn(() =>
        mutex.run(async () => {
          await condition.waitFor(() => {
            asked.push([stock, mutex.locked]);
            return stock >= 2;
          });
          assert(mutex.locked, "the mutex is free");
          await turns(3);
          assertEquals(stock, 2);
        }), { name: "waiter" });
      await turnsUntil(() => condition.statistics().waiting === 1, "it waits");
      assert(/waiter.*waiting for a condition/.test(formatTasks()), formatTasks());
      assertEquals(mutex.locked, false);
      for (let part = 0; part < 2; part++) {
        await mutex.run(() => {
          stock++;
          condition.notify();
        });
      }
      await mutex.run(() => stock = 9);
      await waiter;
    });
    assertEquals(asked, [[0, true], [1, true], [2, true]]);
    assertEquals(mutex.locked, false);
  },
);

test("a predicate that throws rejects with its error and the mutex held, and the notification is the next one's", async () => {
  const mutex = new Mutex();
  const condition = new Condition(mutex);
  const error = new RangeError("predicate");
  let state = "old";
  let isNextWoken = false;
  await group(async (g) => {
    g.spawn(() =>
      mutex.run(async () => {
        const thrown = await condition.waitFor(() => {
          if (state === "new") throw error;
          return false;
        }).catch((it) => it);
        assertStrictEquals(thrown, error);
        assert(mutex.locked, "the mutex is free");
      })
    );
    await turnsUntil(() => condition.statistics().waiting === 1, "one waits");
    g.spawn(() =>
      mutex.run(async () => {
        await condition.wait();
        isNextWoken = true;
      })
    );
    await turnsUntil(() => condition.statistics().waiting === 2, "both wait");
    await mutex.run(() => {
      state = "new";
      condition.notify();
    });
  });
  assertEquals([isNextWoken, mutex.locked], [true, false]);
});

test("a signal ends the wait with its reason and the mutex held; a notification on its way is the next one's, and no listener is left", async () => {
  const mutex = new Mutex();
  const condition = new Condition(mutex);
  const controller = new AbortController();
  const { signal } = controller;
  const listeners = countListeners(signal);
  const reason = new RangeError("no longer");
  const log: unknown[] = [];
  const stray = await strayRejections(() =>
    group(async (g) => {
      g.spawn(() =>
        mutex.run(async () => {
          const error = await condition.waitFor(() => false, { signal }).catch((it) => it);
          log.push(error, mutex.locked);
          assertStrictEquals(await condition.waitFor(() => true, { signal }).catch((it) => it), reason);
        })
      );
      await turnsUntil(() => condition.statistics().waiting === 1, "one waits");
      g.spawn(() => mutex.run(() => condition.wait().then(() => log.push("next"))));
      await turnsUntil(() => condition.statistics().waiting === 2, "both wait");
      assertEquals(listeners(), 1);
      await mutex.run(() => {
        condition.notify();
        controller.abort(reason);
      });
    })
  );
  assertEquals([stray, listeners(), mutex.locked], [[], 0, false]);
  assertEquals(log, [reason, true, "next"]);
});

testWith(
  "async context",
  "a wait that is cancelled holds the mutex when it throws, and one that nobody awaits is no unhandled rejection",
  async () => {
    const mutex = new Mutex();
    const condition = new Condition(mutex);
    await mutex.run(async () => {
      await moveOnAfter(1, () => condition.waitFor(() => false));
      assert(mutex.locked, "the mutex is free");
    });
    const stray = await strayRejections(async () => {
      const scope = new CancelScope();
      await scope.run(async () => {
        using _permit = await mutex.acquire();
        const waiting = watch(condition.waitFor(() => false));
        scope.cancel();
        await turns().catch(() => {});
        assertInstanceOf(waiting.error, Cancelled);
        void condition.waitFor(() => true);
        await turns().catch(() => {});
      });
      await turns();
    });
    assertEquals([stray, mutex.locked, condition.statistics().waiting], [[], false, 0]);
  },
);

testWith(
  "async context",
  "whoever is stopped at whatever step, nothing is lost between producers and consumers",
  async () => {
    const stops = fc.array(fc.record({ at: fc.nat(25), bySignal: fc.boolean() }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(stops, fc.integer({ min: 1, max: 6 }), async (plan, count) => {
        const mutex = new Mutex();
        const condition = new Condition(mutex);
        const queue: number[] = [];
        const taken: number[] = [];
        async function consume(signal?: AbortSignal): Promise<void> {
          while (signal?.aborted !== true) {
            await mutex.run(async () => {
              await condition.waitFor(() => queue.length > 0, signal && { signal });
              taken.push(queue.shift()!);
            }).catch((error) => {
              if (error !== "stop") throw error;
            });
          }
        }
        await group(async (g) => {
          const actions = plan.map(({ bySignal }) => {
            const controller = new AbortController();
            const task: Task<void> = g.spawn(() => consume(controller.signal), { daemon: true });
            return bySignal ? () => controller.abort("stop") : () => task.cancel();
          });
          g.spawn(() => consume(), { daemon: true, name: "survivor" });
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
            plan.forEach(({ at }, index) => at === step && actions[index]!());
            await checkpoint();
          }
          await turnsUntil(() => taken.length === count, "all is taken");
        });
        assertEquals(taken.sort(), Array.from({ length: count }, (_, item) => item));
        assertEquals([mutex.locked, condition.statistics().waiting], [false, 0]);
      }),
      { numRuns: 200 },
    );
  },
);

testWith(
  "async context",
  "under every schedule, cancelled everywhere, who waits goes on when it holds, and the mutex is free in the end",
  () =>
    searched(() => {
      const mutex = new Mutex();
      const condition = new Condition(mutex);
      let stock = 0;
      return {
        body: (sim) =>
          group((g) => {
            for (const name of ["a", "b"]) {
              g.spawn(() =>
                mutex.run(async () => {
                  await condition.waitFor(() => stock > 0);
                  assert(stock-- > 0, "taken twice");
                  await sim.io(`${name} works`);
                })
              );
            }
            g.spawn(async () => {
              for (const part of ["first", "second"]) {
                await sim.io(part);
                await mutex.run(() => {
                  stock++;
                  condition.notifyAll();
                });
              }
            });
          }),
        after: () => assertEquals([mutex.locked, condition.statistics().waiting], [false, 0]),
      };
    }),
);
