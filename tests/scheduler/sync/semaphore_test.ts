import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  Cancelled,
  CancelScope,
  checkpoint,
  group,
  moveOnAfter,
  type Permit,
  Semaphore,
  StructureError,
  type Task,
} from "../../../mod.ts";
import { latch } from "../../support/latch.ts";
import { turns, turnsUntil, watch } from "../../support/turns.ts";
import { testWith } from "../../support/needs.ts";

test("a limit that is no whole number of at least 0 is refused with the value received", () => {
  for (const limit of [-1, 1.5, NaN, -Infinity]) {
    assertThrows(() => new Semaphore(limit), RangeError, String(limit));
    assertThrows(() => new Semaphore(1).limit = limit, RangeError, String(limit));
  }
  for (const limit of ["2", null, undefined, 2n]) {
    assertThrows(() => new Semaphore(limit as unknown as number), TypeError);
  }
  assertEquals(new Semaphore(Infinity).limit, Infinity);
});

test("permits are given first in, first out, outside any task too", async () => {
  const semaphore = new Semaphore(1);
  const first = await semaphore.acquire();
  const order: number[] = [];
  const waits = [1, 2, 3].map(async (number) => {
    const permit = await semaphore.acquire();
    order.push(number);
    permit.release();
  });
  assertEquals(semaphore.statistics(), { limit: 1, held: 1, waiting: 3 });
  first.release();
  await Promise.all(waits);
  assertEquals(order, [1, 2, 3]);
  assertEquals(semaphore.statistics(), { limit: 1, held: 0, waiting: 0 });
});

test("neither tryAcquire nor a release followed at once by acquire overtakes who is in line", async () => {
  const semaphore = new Semaphore(1);
  const permit = semaphore.tryAcquire()!;
  assertEquals(semaphore.tryAcquire(), undefined);
  const order: string[] = [];
  const waiting = semaphore.acquire().then((it) => {
    order.push("in line");
    it.release();
  });
  permit.release();
  assertEquals(semaphore.tryAcquire(), undefined);
  const late = semaphore.acquire().then((it) => {
    order.push("late");
    it.release();
  });
  await Promise.all([waiting, late]);
  assertEquals(order, ["in line", "late"]);
  assert(semaphore.tryAcquire() !== undefined, "a free permit is refused");
});

test("a permit released twice throws and gives nothing; disposing is idempotent", async () => {
  const semaphore = new Semaphore(1);
  const permit = await semaphore.acquire();
  permit.release();
  assertThrows(() => permit.release(), StructureError);
  permit[Symbol.dispose]();
  assertEquals(semaphore.statistics().held, 0);
  const next = await semaphore.acquire();
  next[Symbol.dispose]();
  next[Symbol.dispose]();
  assertThrows(() => next.release(), StructureError);
  {
    using held = await semaphore.acquire();
    assert(!held.released, "a new permit counts as released");
    assertEquals(semaphore.tryAcquire(), undefined);
  }
  assertEquals(semaphore.statistics().held, 0);
});

test("run gives the permit back however its function ends", async () => {
  const semaphore = new Semaphore(1);
  assertEquals(await semaphore.run(() => 1), 1);
  assertEquals(await semaphore.run(() => Promise.resolve(2)), 2);
  await assertRejects(() => semaphore.run(() => Promise.reject(new RangeError("a"))), RangeError);
  await assertRejects(() =>
    semaphore.run(() => {
      throw new RangeError("b");
    }), RangeError);
  assertEquals(semaphore.statistics().held, 0);
  assertThrows(() => semaphore.run(1 as unknown as () => void), TypeError);
  assertEquals(semaphore.statistics().held, 0);
});

test("the limit raised admits who waits at once; lowered it admits nobody until enough came back", async () => {
  const semaphore = new Semaphore(2);
  const held = [await semaphore.acquire(), await semaphore.acquire()];
  const waits = [1, 2, 3].map(() => watch(semaphore.acquire()));
  semaphore.limit = 4;
  assertEquals(semaphore.statistics(), { limit: 4, held: 4, waiting: 1 });
  await turns();
  assertEquals(waits.map(({ state }) => state), ["fulfilled", "fulfilled", "pending"]);
  semaphore.limit = 1;
  held[0]!.release();
  held[1]!.release();
  waits[0]!.value!.release();
  await turns();
  assertEquals(semaphore.statistics(), { limit: 1, held: 1, waiting: 1 });
  waits[1]!.value!.release();
  await turns();
  assertEquals(waits[2]!.state, "fulfilled");
});

test("with the limit 0 everybody waits until it is raised", async () => {
  const semaphore = new Semaphore(0);
  assertEquals(semaphore.tryAcquire(), undefined);
  const wait = watch(semaphore.acquire());
  await turns();
  assertEquals(wait.state, "pending");
  semaphore.limit = 1;
  await turns();
  assertEquals(wait.state, "fulfilled");
});

test("a waiter that is cancelled leaves the line and takes nothing", async () => {
  const semaphore = new Semaphore(1);
  const permit = await semaphore.acquire();
  assertEquals(await moveOnAfter(1, () => semaphore.acquire()), undefined);
  assertEquals(semaphore.statistics(), { limit: 1, held: 1, waiting: 0 });
  permit.release();
  assertEquals(semaphore.statistics().held, 0);
});

testWith("async context", "in a cancelled scope nothing is taken, also if a permit is free", async () => {
  const semaphore = new Semaphore(1);
  const scope = new CancelScope();
  await scope.run(async () => {
    scope.cancel();
    await assertRejects(() => semaphore.acquire(), Cancelled);
    let called = false;
    await assertRejects(() => semaphore.run(() => called = true), Cancelled);
    assert(!called, "the function was called");
  });
  assertEquals(semaphore.statistics(), { limit: 1, held: 0, waiting: 0 });
});

test("a permit handed to a waiter that is cancelled before it goes on is the next one's", async () => {
  const semaphore = new Semaphore(1);
  const permit = await semaphore.acquire();
  const scope = new CancelScope();
  const gone = scope.run(() => semaphore.acquire());
  const next = watch(semaphore.acquire());
  permit.release();
  scope.cancel();
  assertEquals(await gone, undefined);
  await turns();
  assertEquals(next.state, "fulfilled");
  next.value!.release();
  assertEquals(semaphore.statistics(), { limit: 1, held: 0, waiting: 0 });
});

test("a permit that passes through 10,000 waiters cancelled at once comes back", async () => {
  const semaphore = new Semaphore(1);
  const permit = await semaphore.acquire();
  await group(async (g) => {
    for (let index = 0; index < 10_000; index++) g.spawn(() => semaphore.acquire());
    await turnsUntil(() => semaphore.statistics().waiting === 10_000, "all wait");
    permit.release();
    g.cancel();
  });
  assertEquals(semaphore.statistics(), { limit: 1, held: 0, waiting: 0 });
});

test("cancelled at any step of any task, no permit is leaked and none is given twice", async () => {
  const tasks = fc.array(fc.record({ hold: fc.nat(3), cancelAt: fc.nat(12), twice: fc.boolean() }), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(tasks, fc.integer({ min: 1, max: 3 }), async (plan, limit) => {
      const semaphore = new Semaphore(limit);
      let inside = 0;
      let most = 0;
      const asked: number[] = [];
      const got: number[] = [];
      async function use(index: number, hold: number): Promise<void> {
        asked.push(index);
        const permit: Permit = await semaphore.acquire();
        got.push(index);
        try {
          most = Math.max(most, ++inside);
          for (let step = 0; step < hold; step++) await checkpoint();
        } finally {
          inside--;
          permit.release();
        }
      }
      await group(async (g) => {
        const spawned: Task<void>[] = plan.map(({ hold, twice }, index) =>
          g.spawn(async () => {
            await use(index, hold);
            if (twice) await use(index + plan.length, hold);
          })
        );
        for (let step = 0; step <= 12; step++) {
          plan.forEach(({ cancelAt }, index) => cancelAt === step && spawned[index]!.cancel());
          await checkpoint();
        }
      });
      assert(most <= limit, `${most} of ${limit}`);
      assertEquals(semaphore.statistics(), { limit, held: 0, waiting: 0 });
      assertEquals(got, asked.filter((index) => got.includes(index)), "out of order");
    }),
    { numRuns: 300 },
  );
});

test("20,000 tasks share a semaphore, and those that acquire again at once get their turn", async () => {
  const semaphore = new Semaphore(10);
  let done = 0;
  await group((g) => {
    for (let index = 0; index < 20_000; index++) {
      g.spawn(() =>
        semaphore.run(async () => {
          await undefined;
          done++;
        })
      );
    }
  });
  assertEquals(done, 20_000);
  assertEquals(semaphore.statistics(), { limit: 10, held: 0, waiting: 0 });
});

test("a loop that always gets its permit lets others have their turn", async () => {
  const semaphore = new Semaphore(1);
  let stop = false;
  await group((g) => {
    g.spawn(async () => {
      while (!stop) (await semaphore.acquire()).release();
    });
    g.spawn(() => stop = true);
  });
  assert(stop, "the other task had no turn");
});

test("abandoned acquires give their permits to nobody else: each is an error or a permit (std's semaphore)", async () => {
  const semaphore = new Semaphore(1);
  const held = await semaphore.acquire();
  for (let round = 0; round < 100; round++) await moveOnAfter(0, () => semaphore.acquire());
  held.release();
  const [one, two] = [watch(semaphore.acquire()), watch(semaphore.acquire())];
  await turns();
  assertEquals([one.state, two.state], ["fulfilled", "pending"]);
  one.value![Symbol.dispose]();
  one.value![Symbol.dispose]();
  await turns();
  assertEquals(semaphore.statistics(), { limit: 1, held: 1, waiting: 0 });
});

testWith(
  "async context",
  "an error of run is the function's own, and a cancellation inside it passes through",
  async () => {
    const semaphore = new Semaphore(1);
    const error = new Error("mine");
    assertStrictEquals(await semaphore.run(() => Promise.reject(error)).catch((it) => it), error);
    const scope = new CancelScope();
    await scope.run(() =>
      semaphore.run(async () => {
        scope.cancel();
        const cancelled = await checkpoint().catch((it) => it);
        assertInstanceOf(cancelled, Cancelled);
        throw cancelled;
      })
    );
    assert(scope.cancelCaught, "the scope did not absorb its cancellation");
    assertEquals(semaphore.statistics().held, 0);
  },
);

test("a run whose caller has given up holds its permit for as long as it runs: the limit does not lie (p-queue's cap)", async () => {
  const semaphore = new Semaphore(1);
  const running = latch();
  let inside = 0;
  let most = 0;
  async function deaf(): Promise<void> {
    most = Math.max(most, ++inside);
    await running.promise;
    inside--;
  }
  await group(async (g) => {
    const tasks = [1, 2, 3].map(() => g.spawn(() => semaphore.run(deaf)));
    await turns();
    for (const task of tasks) task.cancel();
    g.spawn(() => semaphore.run(deaf));
    await turns();
    assertEquals([inside, semaphore.statistics().held], [1, 1]);
    running.open();
  });
  assertEquals([most, semaphore.statistics().held], [1, 0]);
});

test("clearing a queue settles all who wait in it (p-limit's clear)", async () => {
  const semaphore = new Semaphore(1);
  const permit = await semaphore.acquire();
  const scope = new CancelScope();
  let settled = 0;
  const clearing = scope.run(() =>
    Promise.allSettled([1, 2, 3].map(() => semaphore.run(() => {}).finally(() => settled++)))
  );
  await turns();
  scope.cancel("cleared");
  await clearing;
  assertEquals([settled, semaphore.statistics().waiting], [3, 0]);
  permit.release();
});
