import { AsyncLocalStorage } from "node:async_hooks";
import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import {
  CancelScope,
  checkpoint,
  currentTask,
  group,
  type Priority,
  Scheduler,
  scheduler,
  sleep,
  TaskController,
  TaskSignal,
} from "../../../mod.ts";
import { errorOf, unhandledDuring } from "../../support/errors.ts";
import { spin } from "../../support/spin.ts";
import { turns } from "../../support/turns.ts";
import { testWith } from "../../support/needs.ts";

const priorities: readonly Priority[] = ["background", "user-visible", "user-blocking"];

test("tasks run by priority, equals in the order of posting, whichever scheduler they were posted with", async () => {
  const posts = fc.array(fc.record({ priority: fc.constantFrom(...priorities), other: fc.boolean() }), {
    maxLength: 40,
  });
  const other = new Scheduler();
  await fc.assert(
    fc.asyncProperty(posts, async (all) => {
      const log: number[] = [];
      await Promise.all(
        all.map(({ priority, other: byOther }, index) =>
          (byOther ? other : scheduler).postTask(() => void log.push(index), { priority })
        ),
      );
      const rank = (index: number): number => priorities.indexOf(all[index]!.priority);
      assertEquals(log, [...all.keys()].sort((a, b) => rank(b) - rank(a) || a - b));
    }),
    { numRuns: 60 },
  );
});

test("the default priority is user-visible, with a plain signal too", async () => {
  const log: string[] = [];
  await Promise.all([
    scheduler.postTask(() => log.push("background"), { priority: "background" }),
    scheduler.postTask(() => log.push("default")),
    scheduler.postTask(() => log.push("undefined"), { priority: undefined as never }),
    scheduler.postTask(() => log.push("visible"), { priority: "user-visible" }),
    scheduler.postTask(() => log.push("blocking"), { priority: "user-blocking" }),
    scheduler.postTask(() => log.push("plain signal"), { signal: new AbortController().signal }),
  ]);
  assertEquals(log, ["blocking", "default", "undefined", "visible", "plain signal", "background"]);
});

testWith(
  "async context",
  "a continuation goes before every task of its priority, and after all of higher ones",
  async () => {
    const expected: Record<Priority, string> = {
      "user-blocking": "y0,y1,y2,ub1,ub2,uv1,uv2,bg1,bg2",
      "user-visible": "ub1,ub2,y0,y1,y2,uv1,uv2,bg1,bg2",
      "background": "ub1,ub2,uv1,uv2,y0,y1,y2,bg1,bg2",
    };
    for (const priority of priorities) {
      for (const options of [{ priority }, { signal: new TaskController({ priority }).signal }]) {
        const log: string[] = [];
        const tasks: Promise<unknown>[] = [scheduler.postTask(async () => {
          log.push("y0");
          for (const round of [1, 2]) {
            assertEquals(await scheduler.yield(), undefined);
            log.push(`y${round}`);
          }
        }, options)];
        for (const [name, of] of [["ub", "user-blocking"], ["uv", "user-visible"], ["bg", "background"]] as const) {
          for (const number of [1, 2]) {
            tasks.push(scheduler.postTask(() => log.push(name + number), { priority: of }));
          }
        }
        await Promise.all(tasks);
        assertEquals(log.join(), expected[priority]);
      }
    }
  },
);

test("continuations of one priority go on in the order in which they yielded", async () => {
  const log: string[] = [];
  await Promise.all(["a", "b", "c"].map((name) =>
    scheduler.postTask(async () => {
      for (const round of [1, 2]) {
        await scheduler.yield();
        log.push(name + round);
      }
    })
  ));
  assertEquals(log.join(), "a1,a2,b1,b2,c1,c2");
});

test("a delay is not early, and its task comes into the order when it expires", async () => {
  const log: string[] = [];
  const began = performance.now();
  await Promise.all([
    scheduler.postTask(() => log.push("late background"), { delay: 5, priority: "background" }),
    scheduler.postTask(() => {
      spin(12);
      // Posted after the delay is over, but more urgent than what waited for it.
      return Promise.all([
        scheduler.postTask(() => log.push("new 1")),
        scheduler.postTask(() => log.push("new 2")),
      ]);
    }),
    scheduler.postTask(() => assert(performance.now() - began >= 15, "early"), { delay: 15 }),
  ]);
  assertEquals(log, ["new 1", "new 2", "late background"]);
  const order: number[] = [];
  await Promise.all([60, 20, 40, 20].map((delay) => scheduler.postTask(() => order.push(delay), { delay })));
  assertEquals(order, [20, 20, 40, 60]);
});

test("an aborted signal takes a delayed task back, its timer too", async () => {
  const controller = new TaskController();
  let ran = false;
  const promise = scheduler.postTask(() => void (ran = true), { signal: controller.signal, delay: 2 ** 50 });
  const soon = scheduler.postTask(() => void (ran = true), { signal: controller.signal, delay: 5 });
  controller.abort("no longer");
  assertEquals(await errorOf(promise), "no longer");
  assertEquals(await errorOf(soon), "no longer");
  await sleep(10);
  assert(!ran);
});

test("a priority given beside a signal is for good, and the signal still aborts", async () => {
  const controller = new TaskController({ priority: "background" });
  const { signal } = controller;
  const log: string[] = [];
  const tasks = [
    scheduler.postTask(() => log.push("visible"), {}),
    scheduler.postTask(() => log.push("fixed"), { signal, priority: "user-blocking" }),
    scheduler.postTask(() => log.push("dynamic"), { signal }),
    scheduler.postTask(() => log.push("fixed background"), { signal, priority: "background" }),
  ];
  controller.setPriority("user-blocking");
  await Promise.all(tasks);
  assertEquals(log, ["fixed", "dynamic", "visible", "fixed background"]);
  const aborted = scheduler.postTask(() => {}, { signal, priority: "user-blocking" });
  controller.abort("gone");
  assertEquals(await errorOf(aborted), "gone");
});

test("with an aborted signal nothing is posted: the promise rejects with the reason itself", async () => {
  for (const signal of [AbortSignal.abort("reason"), AbortSignal.abort(), TaskSignal.any([AbortSignal.abort(null)])]) {
    let ran = false;
    assertEquals(await errorOf(scheduler.postTask(() => void (ran = true), { signal })), signal.reason);
    await checkpoint();
    assert(!ran);
  }
});

test("an abort while queued rejects with the reason, and takes the task out of the queue", async () => {
  for (
    const controller of [new AbortController(), new TaskController(), new TaskController({ priority: "background" })]
  ) {
    let ran = false;
    const reason = new Error("why");
    const { signal } = controller;
    const promise = scheduler.postTask(() => void (ran = true), { signal });
    const other = scheduler.postTask(() => "other");
    controller.abort(reason);
    assertEquals(await errorOf(promise), reason);
    assertEquals(await other, "other");
    assert(!ran);
  }
});

test("an abort after the end does nothing, and no listener is left on the signal", async () => {
  const controller = new TaskController();
  const { signal } = controller;
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (
    ...args: Parameters<typeof addEventListener>
  ) => (listeners++, addEventListener.apply(signal, args));
  signal.removeEventListener = (
    ...args: Parameters<typeof removeEventListener>
  ) => (listeners--, removeEventListener.apply(signal, args));
  const values = await Promise.all([
    scheduler.postTask(() => 1, { signal }),
    scheduler.postTask(() => sleep(1), { signal }),
    scheduler.postTask(async () => {
      await scheduler.yield();
      return 3;
    }, { signal }),
    scheduler.postTask(() => 4, { signal, delay: 1 }),
    errorOf(scheduler.postTask(() => Promise.reject("five"), { signal })),
    errorOf(scheduler.postTask(() => {
      throw "six";
    }, { signal })),
  ]);
  controller.abort();
  assertEquals(values, [1, undefined, 3, 4, "five", "six"]);
  assertEquals(listeners, 0);
});

test("an abort from inside rejects the task while its callback runs, but no longer once it has returned", async () => {
  const inside = new TaskController();
  assertEquals(
    await errorOf(scheduler.postTask(() => {
      inside.abort("inside");
      return "a result";
    }, { signal: inside.signal })),
    "inside",
  );
  const later = new TaskController();
  assertEquals(
    await scheduler.postTask(async () => {
      await Promise.resolve();
      later.abort();
      return "a result";
    }, { signal: later.signal }),
    "a result",
  );
});

test("what a callback throws is the rejection, what it returns the value, a promise followed", async () => {
  const error = new Error("thrown");
  assertEquals(
    await errorOf(scheduler.postTask(() => {
      throw error;
    })),
    error,
  );
  assertEquals(await errorOf(scheduler.postTask(() => Promise.reject(error))), error);
  assertEquals(await scheduler.postTask(() => Promise.resolve(1)), 1);
  const thenable = { then: (resolve: (value: number) => void) => resolve(2) };
  assertEquals(await scheduler.postTask(() => thenable as unknown as Promise<number>), 2);
  const { signal } = new TaskController();
  assertEquals(await scheduler.postTask(() => thenable as unknown as Promise<number>, { signal }), 2);
});

test("the callback is called without this and without arguments", async () => {
  const seen = await scheduler.postTask(
    function (this: unknown, ...args: unknown[]) {
      return [this, args];
    } as () => unknown,
  );
  assertEquals(seen, [undefined, []]);
});

test("errors after an abort from inside go to onUnhandled; those that are the abort itself do not", async () => {
  const handed = await unhandledDuring(async () => {
    for (const isAsync of [false, true]) {
      for (const how of ["other", "reason", "checkpoint"]) {
        const controller = new TaskController();
        const { signal } = controller;
        const fail = (): never => {
          throw how === "reason" ? signal.reason : new Error(`${how} ${isAsync}`);
        };
        const promise = scheduler.postTask(() => {
          controller.abort("aborted");
          if (!isAsync) return how === "checkpoint" ? undefined : fail();
          return (async () => {
            if (how === "checkpoint") await checkpoint();
            await Promise.resolve();
            fail();
          })();
        }, { signal });
        assertEquals(await errorOf(promise), "aborted");
      }
    }
    await turns();
  });
  assertEquals(handed.map((error) => (error as Error).message), ["other false", "other true"]);
});

test("arguments of a wrong kind reject with a TypeError, as the standard's conversions do", async () => {
  const post = scheduler.postTask.bind(scheduler) as (...args: unknown[]) => Promise<unknown>;
  const wrong: unknown[][] = [
    [],
    [null],
    [{}],
    [() => {}, 1],
    [() => {}, "user-blocking"],
    [() => {}, { priority: "unknown" }],
    [() => {}, { priority: null }],
    [() => {}, { priority: "" }],
    [() => {}, { priority: "User-Blocking" }],
    [() => {}, { priority: Symbol("priority") }],
    [() => {}, { signal: null }],
    [() => {}, { signal: {} }],
    [() => {}, { signal: new AbortController() }],
    [() => {}, { delay: -1 }],
    [() => {}, { delay: NaN }],
    [() => {}, { delay: Infinity }],
    [() => {}, { delay: 2 ** 53 }],
    [() => {}, { delay: "soon" }],
    [() => {}, { delay: 1n }],
    [() => {}, { delay: Symbol("delay") }],
    [() => {}, { delay: {} }],
  ];
  for (const args of wrong) await assertRejects(() => post(...args), TypeError);
  const right: unknown[][] = [
    [() => 1, undefined],
    [() => 1, null],
    [() => 1, () => {}],
    [() => 1, { delay: "3" }],
    [() => 1, { delay: -0.9 }],
    [() => 1, { delay: null }],
    [() => 1, { delay: undefined, signal: undefined, priority: undefined }],
    [() => 1, { delay: { valueOf: () => 2 } }],
    [() => 1, { priority: { toString: () => "background" } }],
    [() => 1, { delay: 2, unknown: 1 }],
  ];
  for (const args of right) assertEquals(await post(...args), 1);
  const error = new Error("getter");
  assertEquals(
    await errorOf(post(() => {}, {
      get delay() {
        throw error;
      },
    })),
    error,
  );
});

test("the methods refuse what is no scheduler", async () => {
  for (const self of [undefined, {}, Scheduler.prototype, globalThis]) {
    await assertRejects(() => Scheduler.prototype.postTask.call(self as never, () => {}), TypeError);
    await assertRejects(() => Scheduler.prototype.yield.call(self as never), TypeError);
  }
  assertEquals(String(scheduler), "[object Scheduler]");
});

testWith(
  "async context",
  "a posted callback is no child of the group, and sees the async context of whoever posted it",
  async () => {
    const storage = new AsyncLocalStorage<string>();
    const log: unknown[] = [];
    let ended = false;
    const posted = await storage.run("poster", () =>
      group((g) => {
        g.spawn(() => {});
        const promise = scheduler.postTask(async () => {
          log.push(storage.getStore(), currentTask());
          await sleep(5);
          log.push(storage.getStore(), currentTask(), ended);
        }, { delay: 1 });
        g.cancel();
        return { promise };
      }));
    ended = true;
    await posted!.promise;
    assertEquals(log, ["poster", undefined, "poster", undefined, true]);
    storage.run("elsewhere", () => void scheduler.postTask(() => {}));
    assertEquals(await scheduler.postTask(() => storage.getStore()), undefined);
  },
);

test("what a posted callback waits for is cancelled with its signal, and the promise rejects with the reason", async () => {
  const controller = new TaskController();
  const reason = new Error("enough");
  const waits = [
    () => sleep(1e6),
    () => group((g) => void g.spawn(() => sleep(1e6))),
    () => new CancelScope().run(() => sleep(1e6)),
  ];
  const reasons = waits.map((wait) => errorOf(scheduler.postTask<unknown>(wait, { signal: controller.signal })));
  await sleep(2);
  controller.abort(reason);
  assertEquals(await Promise.all(reasons), [reason, reason, reason]);
});

test("tasks posted while tasks run, aborted at any moment, run at most once, and each promise settles once", async () => {
  const programs = fc.array(
    fc.record({
      priority: fc.constantFrom(...priorities),
      signal: fc.nat(3),
      delay: fc.constantFrom(0, 0, 0, 1),
      yields: fc.nat(3),
      aborts: fc.option(fc.nat(3), { nil: undefined, freq: 4 }),
      raises: fc.option(fc.record({ signal: fc.nat(3), to: fc.constantFrom(...priorities) }), { nil: undefined }),
      posts: fc.nat(2),
    }),
    { minLength: 1, maxLength: 30 },
  );
  await fc.assert(
    fc.asyncProperty(programs, async (program) => {
      const controllers = [0, 1, 2, 3].map(() => new TaskController());
      const runs = program.map(() => 0);
      const settled: Promise<unknown>[] = [];
      const post = (index: number, depth: number): void => {
        const { priority, signal, delay, yields, aborts, raises, posts } = program[index]!;
        const options = index % 2 === 0
          ? { signal: controllers[signal]!.signal, delay }
          : { signal: controllers[signal]!.signal, delay, priority };
        const wasAborted = controllers[signal]!.signal.aborted;
        const before = runs[index]!;
        const promise = scheduler.postTask(async () => {
          runs[index]!++;
          assert(!wasAborted, "a task ran that was posted with an aborted signal");
          for (let round = 0; round < yields; round++) await scheduler.yield();
          if (aborts !== undefined) controllers[aborts]!.abort(`by ${index}`);
          if (raises !== undefined) controllers[raises.signal]!.setPriority(raises.to);
          if (depth < 2) { for (let more = 1; more <= posts; more++) post((index + more) % program.length, depth + 1); }
          return index;
        }, options);
        settled.push(promise.then(
          (value) => assertEquals(value, index),
          (reason) => {
            assertEquals(reason, controllers[signal]!.signal.reason);
            assert(runs[index]! >= before);
          },
        ));
      };
      program.forEach((_, index) => post(index, 0));
      for (let index = 0; index < settled.length; index++) await settled[index];
    }),
    { numRuns: 100 },
  );
});
