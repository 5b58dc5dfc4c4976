import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  all,
  Cancelled,
  CancelScope,
  checkpoint,
  group,
  moveOnAfter,
  Mutex,
  race,
  StructureError,
  type Task,
} from "../../../mod.ts";
import { turns, watch } from "../../support/turns.ts";

test("one holds a mutex at a time, in the order of asking, also without any task", async () => {
  const mutex = new Mutex();
  const log: string[] = [];
  await Promise.all(["a", "b", "c"].map((name) =>
    mutex.run(async () => {
      log.push(`${name}+`);
      await checkpoint();
      log.push(`${name}-`);
    })
  ));
  assertEquals(log, ["a+", "a-", "b+", "b-", "c+", "c-"]);
  assertEquals(mutex.locked, false);
});

test("tryAcquire takes a free mutex and never one that somebody waits for", async () => {
  const mutex = new Mutex();
  const permit = mutex.tryAcquire()!;
  assertEquals(mutex.locked, true);
  const next = watch(mutex.acquire());
  permit.release();
  assertEquals(mutex.tryAcquire(), undefined);
  await turns();
  next.value!.release();
  assertThrows(() => next.value!.release(), StructureError);
  assertEquals(mutex.locked, false);
});

test("a mutex handed to a waiter that is cancelled before it goes on is the next one's", async () => {
  const mutex = new Mutex();
  const permit = await mutex.acquire();
  const scope = new CancelScope();
  const gone = scope.run(() => mutex.acquire());
  const next = watch(mutex.acquire());
  permit.release();
  scope.cancel();
  await gone;
  await turns();
  assertEquals(next.state, "fulfilled");
});

test("who waits for a mutex whose task has ended without release gets an error that names it, not a hang", async () => {
  const mutex = new Mutex();
  let early: Promise<unknown> | undefined;
  await group((g) => {
    g.spawn(async () => void (await mutex.acquire()), { name: "careless" });
    early = g.spawn(() => mutex.acquire().catch((error) => error)).result;
  });
  const error = await early;
  assert(error instanceof StructureError, `got ${error}`);
  assertStringIncludes(error.message, "careless#");
  await assertRejects(() => mutex.acquire(), StructureError, "careless#");
  assertEquals(mutex.tryAcquire(), undefined);
  assertEquals(mutex.statistics(), { locked: true, waiting: 0 });
});

test("a permit that outlives its task and is released after all makes the mutex whole again", async () => {
  const mutex = new Mutex();
  const { permit } = await group((g) => g.spawn(async () => ({ permit: await mutex.acquire() })));
  await assertRejects(() => mutex.acquire(), StructureError);
  permit.release();
  (await mutex.acquire()).release();
});

test("a task whose result is the permit has passed it on, and breaks nothing", async () => {
  const mutex = new Mutex();
  const other = new Mutex();
  const [permit, second] = await all([() => mutex.acquire(), () => race([() => other.acquire()])]);
  const waits = [watch(mutex.acquire()), watch(other.acquire())];
  await turns();
  assertEquals(waits.map(({ state }) => state), ["pending", "pending"]);
  permit.release();
  second.release();
  await turns();
  assertEquals(waits.map(({ state }) => state), ["fulfilled", "fulfilled"]);
});

test("the task it was passed to is then the one that breaks it", async () => {
  const mutex = new Mutex();
  await group(async (g) => {
    const careless = g.spawn(async () => {
      await all([() => mutex.acquire()]);
      await turns(5);
    }, { name: "careless" });
    await turns(4);
    const waiting = watch(mutex.acquire());
    await careless;
    await turns();
    assert(waiting.error instanceof StructureError, `got ${waiting.error}`);
    assertStringIncludes(waiting.error.message, "careless#");
  });
});

test("the end of a task that has given its mutex on harms nobody", async () => {
  const mutex = new Mutex();
  const log: string[] = [];
  await group(async (g) => {
    const first = g.spawn(async () => {
      const permit = await mutex.acquire();
      await turns(3);
      permit.release();
    });
    const second = g.spawn(async () => {
      const permit = await mutex.acquire();
      await first;
      await turns(3);
      log.push("second");
      permit.release();
    });
    const third = g.spawn(async () => {
      const permit = await mutex.acquire();
      log.push("third");
      permit.release();
    });
    await second;
    await third;
  });
  assertEquals(log, ["second", "third"]);
});

test("a task that ends cancelled between hand-over and going on breaks nothing", async () => {
  const mutex = new Mutex();
  const permit = await mutex.acquire();
  await group(async (g) => {
    const task = g.spawn(() => mutex.acquire());
    await turns(2);
    permit.release();
    task.cancel();
  });
  assertEquals(mutex.statistics(), { locked: false, waiting: 0 });
});

test("it is not reentrant: asking again waits until it is cancelled", async () => {
  const mutex = new Mutex();
  await mutex.run(async () => assertEquals(await moveOnAfter(1, () => mutex.acquire()), undefined));
  assertEquals(mutex.locked, false);
});

test("cancelled at any step, a mutex excludes and is free at the end", async () => {
  const plans = fc.array(fc.record({ hold: fc.nat(3), cancelAt: fc.nat(10) }), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(plans, async (plan) => {
      const mutex = new Mutex();
      let inside = 0;
      await group(async (g) => {
        const tasks: Task<void>[] = plan.map(({ hold }) =>
          g.spawn(() =>
            mutex.run(async () => {
              assertEquals(++inside, 1);
              try {
                for (let step = 0; step < hold; step++) await checkpoint();
              } finally {
                inside--;
              }
            })
          )
        );
        for (let step = 0; step <= 10; step++) {
          plan.forEach(({ cancelAt }, index) => cancelAt === step && tasks[index]!.cancel());
          await checkpoint();
        }
      });
      assertEquals(mutex.statistics(), { locked: false, waiting: 0 });
    }),
    { numRuns: 200 },
  );
});

test("in a cancelled scope nothing is taken", async () => {
  const mutex = new Mutex();
  const scope = new CancelScope();
  await scope.run(async () => {
    scope.cancel();
    await assertRejects(() => mutex.acquire(), Cancelled);
  });
  assertEquals(mutex.locked, false);
});
