import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  Cancelled,
  CancelScope,
  checkpoint,
  formatTasks,
  group,
  type Permit,
  ReadWriteLock,
  StructureError,
  type Task,
  tasks,
} from "../../../mod.ts";
import { searched } from "../../support/searched.ts";
import { countListeners } from "../../support/shared_signal.ts";
import { strayRejections } from "../../support/stray.ts";
import { turns, turnsUntil, watch } from "../../support/turns.ts";
import { type Need, testWith } from "../../support/needs.ts";

const free = { readers: 0, writing: false, waitingToRead: 0, waitingToWrite: 0 };

test("arguments of a wrong kind are refused with the value received", () => {
  const lock = new ReadWriteLock();
  for (const run of [lock.read, lock.write]) {
    assertThrows(() => run.call(lock, 1 as never), TypeError, "received 1");
    assertThrows(() => run.call(lock, () => {}, { singal: 1 } as never), TypeError, `signal: received "singal"`);
  }
  for (const acquire of [lock.acquireRead, lock.acquireWrite]) {
    assertThrows(() => acquire.call(lock, { timeout: 1 } as never), TypeError, `signal: received "timeout"`);
    assertThrows(() => acquire.call(lock, { signal: 5 as never }), TypeError, "received 5");
    assertThrows(() => acquire.call(lock, null as never), TypeError, "null");
  }
  assertEquals(lock.statistics(), free);
});

test("many read at once, one writes alone, and they go on in the order in which they came", async () => {
  const lock = new ReadWriteLock();
  const log: string[] = [];
  const use = (name: string) => async (): Promise<void> => {
    log.push(`${name} begins`);
    await turns(3);
    log.push(`${name} ends`);
  };
  const all = [
    lock.read(use("r1")),
    lock.read(use("r2")),
    lock.write(use("w1")),
    lock.read(use("r3")),
    lock.read(use("r4")),
    lock.write(use("w2")),
  ];
  await turns(1);
  assertEquals(lock.statistics(), { readers: 2, writing: false, waitingToRead: 2, waitingToWrite: 2 });
  await Promise.all(all);
  assertEquals(log, [
    ...["r1 begins", "r2 begins", "r1 ends", "r2 ends", "w1 begins", "w1 ends"],
    ...["r3 begins", "r4 begins", "r3 ends", "r4 ends", "w2 begins", "w2 ends"],
  ]);
  assertEquals(lock.statistics(), free);
});

test("one who waits to write stops those who read later, and tryAcquire overtakes nobody", async () => {
  const lock = new ReadWriteLock();
  const reading = lock.tryAcquireRead()!;
  assertEquals(lock.tryAcquireWrite(), undefined);
  const writer = watch(lock.acquireWrite());
  const late = watch(lock.acquireRead());
  assertEquals(lock.tryAcquireRead(), undefined);
  reading.release();
  assertEquals([lock.tryAcquireRead(), lock.tryAcquireWrite()], [undefined, undefined]);
  await turns();
  assertEquals([writer.state, late.state], ["fulfilled", "pending"]);
  writer.value!.release();
  await turns();
  assertEquals(late.state, "fulfilled");
  late.value![Symbol.dispose]();
  assertThrows(() => late.value!.release(), StructureError);
  {
    using _permit = lock.tryAcquireWrite()!;
    assertEquals(lock.statistics().writing, true);
  }
  assertEquals(lock.statistics(), free);
});

test("readers behind a writer who gives up, or is cancelled, go on at once", async () => {
  const lock = new ReadWriteLock();
  const reading = lock.tryAcquireRead()!;
  const controller = new AbortController();
  const writers = [watch(lock.acquireWrite({ signal: controller.signal })), watch(lock.acquireWrite())];
  const scope = new CancelScope();
  const scoped = scope.run(() => lock.acquireWrite());
  const reader = watch(lock.acquireRead());
  controller.abort("gives up");
  scope.cancel();
  await scoped;
  await turns();
  assertEquals([writers[0]!.error, reader.state], ["gives up", "pending"]);
  reading.release();
  await turns();
  writers[1]!.value!.release();
  await turns();
  assertEquals(reader.state, "fulfilled");
  const last = new CancelScope();
  const blocking = last.run(() => lock.acquireWrite());
  const behind = watch(lock.acquireRead());
  await turns();
  assertEquals(behind.state, "pending");
  last.cancel();
  await blocking;
  await turns();
  assertEquals([behind.state, lock.statistics().readers], ["fulfilled", 2]);
});

testWith(
  "async context",
  "read and write give the lock back however their function ends, and settle as it does",
  async () => {
    const lock = new ReadWriteLock();
    for (const run of [lock.read.bind(lock), lock.write.bind(lock)]) {
      assertEquals(await run(() => 1), 1);
      assertEquals(await run(() => Promise.resolve(2)), 2);
      const error = new RangeError("a");
      assertStrictEquals(await run(() => Promise.reject(error)).catch((it) => it), error);
      const thrown = run(() => {
        throw error;
      });
      assertStrictEquals(await thrown.catch((it) => it), error);
      const scope = new CancelScope();
      await scope.run(() =>
        run(async () => {
          scope.cancel();
          await checkpoint();
        })
      );
      assert(scope.cancelCaught, "the scope did not absorb its cancellation");
    }
    assertEquals(lock.statistics(), free);
  },
);

const misuses: [string, (lock: ReadWriteLock) => Promise<unknown>][] = [
  ["writes in read", (lock) => lock.read(() => lock.write(() => {}))],
  ["writes in write", (lock) => lock.write(() => lock.write(() => {}))],
  ["reads in write", (lock) => lock.write(() => lock.read(() => {}))],
  [
    "writes in a task of a function that reads",
    (lock) => lock.read(() => group((g) => g.spawn(() => lock.write(() => {})))),
  ],
  ["acquires to write in write", (lock) => lock.write(() => lock.acquireWrite())],
  ["acquires to write while it has a permit to read", (lock) =>
    group((g) =>
      g.spawn(async () => {
        using _permit = await lock.acquireRead();
        await lock.acquireWrite();
      })
    )],
  ["reads while it has the permit to write, acquired by a task of its own", (lock) =>
    group((g) =>
      g.spawn(async () => {
        using _permit = await group((inner) => inner.spawn(() => lock.acquireWrite()));
        await lock.acquireRead();
      })
    )],
];
for (const [what, misuse] of misuses) {
  const needs: Need[] = what.startsWith("acquires to write while") || what.endsWith("a task of its own")
    ? ["async context"]
    : [];
  testWith(needs, `one who would wait for itself gets a StructureError: ${what}`, async () => {
    const lock = new ReadWriteLock();
    await assertRejects(() => misuse(lock), StructureError, "wait for itself");
    assertEquals(lock.statistics(), free);
  });
}

testWith("async context", "one who reads may read again, although somebody waits to write", async () => {
  const lock = new ReadWriteLock();
  const writer = await lock.read(async () => {
    const writing = watch(lock.acquireWrite());
    await turns();
    return writing;
  }).catch((it) => it);
  assertInstanceOf(writer.error, StructureError);
  await group(async (g) => {
    const log: string[] = [];
    g.spawn(() =>
      lock.read(async () => {
        await turnsUntil(() => lock.statistics().waitingToWrite === 1, "one waits to write");
        await lock.read(() => log.push("reads again"));
        await group((inner) => inner.spawn(() => lock.read(() => log.push("its task reads"))));
      })
    );
    await turns(2);
    await g.spawn(() => lock.write(() => log.push("writes")));
    assertEquals(log, ["reads again", "its task reads", "writes"]);
  });
  assertEquals(lock.statistics(), free);
});

test("functions that run side by side in one task wait for each other", async () => {
  const lock = new ReadWriteLock();
  const log: number[] = [];
  await group((g) =>
    g.spawn(() => Promise.all([1, 2, 3].map((name) => lock.write(() => turns(2).then(() => log.push(name))))))
  );
  assertEquals([log, lock.statistics()], [[1, 2, 3], free]);
});

test("a task that ends without releasing breaks the lock for those who wait for it, until it is released", async () => {
  const lock = new ReadWriteLock();
  let left!: Permit;
  await group(async (g) => {
    await g.spawn(async () => void (left = await lock.acquireRead()), { name: "leaves" });
    await assertRejects(() => lock.acquireWrite(), StructureError, "held to read by leaves#");
    assertEquals(await lock.read(() => "readers go on"), "readers go on");
    left.release();
    const holder = g.spawn(async () => {
      left = await lock.acquireRead();
      await turnsUntil(() => lock.statistics().waitingToRead === 1, "two wait");
    });
    await turns(2);
    const [writer, reader] = [watch(lock.acquireWrite()), watch(lock.acquireRead())];
    await holder;
    await turns();
    assertInstanceOf(writer.error, StructureError);
    assertEquals(reader.state, "fulfilled");
    reader.value!.release();
    left.release();
    await g.spawn(async () => void (left = await lock.acquireWrite()), { name: "writer" });
    await assertRejects(() => lock.acquireRead(), StructureError, "held to write by writer#");
    left.release();
    assertEquals(await lock.write(() => "free again"), "free again");
  });
  assertEquals(lock.statistics(), free);
});

test("one who was let in while others waited, and ends without releasing, breaks the lock for those", async () => {
  const lock = new ReadWriteLock();
  const first = lock.tryAcquireWrite()!;
  await group(async (g) => {
    const forgets = g.spawn(async () => void (await lock.acquireWrite()), { name: "forgets" });
    await turns(2);
    const behind = watch(lock.acquireRead());
    first.release();
    await forgets;
    await turns();
    assertInstanceOf(behind.error, StructureError);
    assert(behind.error.message.includes("by forgets#"), behind.error.message);
  });
});

test("a signal ends the wait with its reason, what was handed goes to the next, and no listener is left", async () => {
  const lock = new ReadWriteLock();
  const controller = new AbortController();
  const { signal } = controller;
  const listeners = countListeners(signal);
  const reason = new RangeError("no longer");
  const stray = await strayRejections(async () => {
    const writing = await lock.acquireWrite({ signal });
    const handed = watch(lock.acquireWrite({ signal }));
    const next = watch(lock.acquireWrite());
    void lock.acquireRead({ signal });
    let called = false;
    void lock.read(() => called = true, { signal });
    writing.release();
    controller.abort(reason);
    await turns();
    assertEquals([handed.error, next.state, called, listeners()], [reason, "fulfilled", false, 0]);
    next.value!.release();
    assertStrictEquals(await lock.acquireRead({ signal }).catch((it) => it), reason);
    assertStrictEquals(await lock.write(() => called = true, { signal }).catch((it) => it), reason);
    assertEquals(called, false);
  });
  assertEquals([stray, lock.statistics()], [[], free]);
});

testWith(
  "async context",
  "a wait that is cancelled takes nothing, also with a permit on its way, and is no unhandled rejection",
  async () => {
    const lock = new ReadWriteLock();
    const stray = await strayRejections(async () => {
      const writing = await lock.acquireWrite();
      const scope = new CancelScope();
      await scope.run(async () => {
        void lock.acquireRead();
        void lock.acquireWrite();
        void lock.read(() => {});
        await turns();
        writing.release();
        scope.cancel();
        await assertRejects(() => lock.acquireRead(), Cancelled);
        await assertRejects(() => lock.write(() => {}), Cancelled);
      });
      await turns();
    });
    assertEquals([stray, lock.statistics()], [[], free]);
  },
);

test("what a task waits for is named, and who holds it", async () => {
  const lock = new ReadWriteLock();
  await group(async (g) => {
    const writer = g.spawn(() => lock.write(() => turnsUntil(() => lock.statistics().waitingToRead > 0, "one waits")), {
      name: "writer",
    });
    await turns(2);
    g.spawn(() => lock.read(() => {}), { name: "reader" });
    await checkpoint();
    const info = tasks().flatMap(({ children }) => children).find(({ name }) => name.startsWith("reader"));
    assertEquals([info?.waitingFor, info?.blockedBy], ["a lock to read", [writer.name]], formatTasks());
  });
});

test("a lock behaves as a plain line does, step by step", async () => {
  const command = fc.oneof(
    fc.record({ type: fc.constant("ask" as const), writes: fc.boolean() }),
    fc.record({ type: fc.constant("try" as const), writes: fc.boolean() }),
    fc.record({ type: fc.constant("release" as const), index: fc.nat(9) }),
    fc.record({ type: fc.constant("abort" as const), index: fc.nat(9) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 40 }), async (commands) => {
      const lock = new ReadWriteLock();
      type Asked = { writes: boolean; got?: Permit; controller: AbortController };
      let held: Asked[] = [];
      let line: Asked[] = [];
      const admits = (writes: boolean): boolean => writes ? held.length === 0 : held.every((it) => !it.writes);
      const admit = (): void => {
        while (line.length > 0 && admits(line[0]!.writes)) held.push(line.shift()!);
      };
      for (const step of commands) {
        if (step.type === "ask") {
          const asked: Asked = { writes: step.writes, controller: new AbortController() };
          const { signal } = asked.controller;
          const wait = step.writes ? lock.acquireWrite({ signal }) : lock.acquireRead({ signal });
          wait.then((permit) => asked.got = permit, () => {});
          line.push(asked);
          admit();
        } else if (step.type === "try") {
          const got = step.writes ? lock.tryAcquireWrite() : lock.tryAcquireRead();
          assertEquals(got !== undefined, line.length === 0 && admits(step.writes));
          if (got !== undefined) held.push({ writes: step.writes, got, controller: new AbortController() });
        } else if (step.type === "release" && step.index < held.length) {
          held[step.index]!.got!.release();
          held = held.filter((_, index) => index !== step.index);
          admit();
        } else if (step.type === "abort" && step.index < line.length) {
          line[step.index]!.controller.abort();
          line = line.filter((_, index) => index !== step.index);
          admit();
        }
        const writing = held.some(({ writes }) => writes);
        const waitingToWrite = line.filter(({ writes }) => writes).length;
        const readers = writing ? 0 : held.length;
        assertEquals(lock.statistics(), {
          readers,
          writing,
          waitingToRead: line.length - waitingToWrite,
          waitingToWrite,
        });
        await turns(3);
        assert(held.every(({ got }) => got !== undefined), "one who was admitted has not gone on");
        assert(line.every(({ got }) => got === undefined), "one who has to wait has gone on");
      }
    }),
    { numRuns: 150 },
  );
});

test("cancelled at any step of any task, no permit is leaked, and nobody reads while one writes", async () => {
  const plans = fc.array(
    fc.record({ writes: fc.boolean(), hold: fc.nat(3), stopAt: fc.nat(14), bySignal: fc.boolean() }),
    { maxLength: 8 },
  );
  await fc.assert(
    fc.asyncProperty(plans, async (plan) => {
      const lock = new ReadWriteLock();
      let [reading, writing] = [0, 0];
      await group(async (g) => {
        const stops = plan.map(({ writes, hold, bySignal }) => {
          const controller = new AbortController();
          const { signal } = controller;
          const use = async (): Promise<void> => {
            if (writes) writing++;
            else reading++;
            try {
              assert(writing === 0 || (writing === 1 && reading === 0), `${reading} read, ${writing} write`);
              await turns(hold);
            } finally {
              if (writes) writing--;
              else reading--;
            }
          };
          const task: Task<void> = g.spawn(async () => {
            for (let round = 0; round < 2; round++) {
              await (writes ? lock.write(use, { signal }) : lock.read(use, { signal })).catch((error) => {
                if (error !== "stop") throw error;
              });
            }
          });
          return bySignal ? () => controller.abort("stop") : () => task.cancel();
        });
        for (let step = 0; step <= 14; step++) {
          plan.forEach(({ stopAt }, index) => stopAt === step && stops[index]!());
          await checkpoint();
        }
      });
      assertEquals(lock.statistics(), free);
    }),
    { numRuns: 300 },
  );
});

test("under every schedule, cancelled everywhere, nobody reads while one writes, and the lock is free in the end", () =>
  searched(() => {
    const lock = new ReadWriteLock();
    let [reading, writing] = [0, 0];
    return {
      tasks: true,
      body: (sim) =>
        group((g) => {
          for (const name of ["reads", "writes", "reads too", "writes too"]) {
            const writes = name.startsWith("writes");
            g.spawn(async () => {
              using _permit = await (writes ? lock.acquireWrite() : lock.acquireRead());
              if (writes) writing++;
              else reading++;
              assert(writing === 0 || (writing === 1 && reading === 0), `${reading} read, ${writing} write`);
              try {
                await sim.io(name);
              } finally {
                if (writes) writing--;
                else reading--;
              }
            });
          }
        }),
      after: () => assertEquals(lock.statistics(), free),
    };
  }));

test("however many read one after the other, one who writes gets its turn, and so do they", async () => {
  const lock = new ReadWriteLock();
  let written = 0;
  let read = 0;
  await group((g) => {
    for (let index = 0; index < 20; index++) {
      g.spawn(async () => {
        while (written < 10) {
          await lock.read(() => checkpoint());
          read++;
        }
      });
    }
    g.spawn(async () => {
      while (written < 10) await lock.write(() => written++);
    });
  });
  assert(read >= 100, `only ${read} reads`);
  assertEquals(lock.statistics(), free);
});
