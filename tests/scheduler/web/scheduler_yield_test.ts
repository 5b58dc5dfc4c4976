/** `scheduler.yield()`: what it inherits, and from whom. */

import process from "node:process";
import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { Cancelled, group, type Priority, scheduler, TaskController } from "../../../mod.ts";
import { loop } from "../../../scheduler/queue/loop.ts";
import { errorOf } from "../../support/errors.ts";
import { testWith } from "../../support/needs.ts";

/** A background task that yields somewhere inside: does a user-visible task posted just before go first? */
async function goesOnAfterATask(
  inside: (race: () => Promise<unknown>) => unknown,
  priority: Priority,
): Promise<boolean> {
  const log: string[] = [];
  const race = (): Promise<unknown> => {
    const task = scheduler.postTask(() => log.push("task"));
    return scheduler.yield().then(() => log.push("yield")).then(() => task);
  };
  await scheduler.postTask(() => inside(race) as Promise<unknown>, { priority });
  return log[0] === "task";
}

const thenable = { then: (resolve: () => void) => resolve() } as unknown as Promise<void>;

/** The ways from a posted callback to a yield. */
const ways: Record<string, (race: () => Promise<unknown>) => unknown> = {
  "at once": (race) => race(),
  "after an await": async (race) => {
    await Promise.resolve();
    await race();
  },
  "after an await of no promise": async (race) => {
    await null;
    await race();
  },
  "after an await of a thenable": async (race) => {
    await thenable;
    await race();
  },
  "in then": (race) => Promise.resolve().then(race),
  "in a later then": (race) => Promise.resolve().then(() => {}).then(race),
  "in a thenable's then": (race) =>
    new Promise((resolve) => resolve({ then: (done: (value: unknown) => void) => done(race()) })),
  "in queueMicrotask": (race) => new Promise((resolve) => queueMicrotask(() => resolve(race()))),
  "after timers and I/O": async (race) => {
    await new Promise((resolve) => setTimeout(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise<void>((resolve) => process.nextTick(resolve));
    await race();
  },
  "after another yield": async (race) => {
    await scheduler.yield();
    await race();
  },
  "in for await": async (race) => {
    async function* items(): AsyncGenerator<number> {
      await null;
      yield 1;
    }
    for await (const _ of items()) await race();
  },
  "in an async generator": async (race) => {
    async function* items(): AsyncGenerator<unknown> {
      await null;
      yield await race();
    }
    for await (const _ of items());
  },
  "in finally": async (race) => {
    try {
      await Promise.reject("rejected");
    } catch {
      await null;
    } finally {
      await race();
    }
  },
  "beside others": (race) => Promise.all([new Promise((resolve) => setTimeout(resolve)), Promise.resolve().then(race)]),
  "in a listener of an event": async (race) => {
    const target = new EventTarget();
    let result: Promise<unknown> | undefined;
    target.addEventListener("x", () => result = race());
    await null;
    target.dispatchEvent(new Event("x"));
    await result;
  },
  "in a group inside": (race) => group(() => race()),
};

for (const [name, way] of Object.entries(ways)) {
  testWith("async context", `yield inherits the priority ${name}`, async () => {
    assertEquals(await goesOnAfterATask(way, "background"), true);
    assertEquals(await goesOnAfterATask(way, "user-visible"), false);
    assertEquals(await goesOnAfterATask(way, "user-blocking"), false);
  });

  testWith("async context", `yield inherits the abort ${name}, before and while it waits`, async () => {
    for (const early of [true, false]) {
      const controller = new TaskController();
      const reason = new Promise((resolve) => {
        const post = scheduler.postTask(() =>
          way(async () => {
            if (early) controller.abort("aborted");
            else void scheduler.postTask(() => controller.abort("aborted"), { priority: "user-blocking" });
            const yielded = errorOf(scheduler.yield());
            resolve(yielded);
            await yielded;
          }) as Promise<void>, { signal: controller.signal });
        post.catch(() => {});
      });
      assertEquals(await reason, "aborted");
    }
  });
}

test("yield takes the scheduling state of where then was called, not of where the promise was resolved", async () => {
  const log: string[] = [];
  let resolve!: () => void;
  const chain = new Promise<void>((done) => resolve = done).then(async () => {
    await scheduler.yield();
    log.push("continuation");
  });
  await scheduler.postTask(() => resolve(), { priority: "user-blocking" });
  await Promise.all([chain, scheduler.postTask(() => log.push("task"), { priority: "user-blocking" })]);
  assertEquals(log, ["task", "continuation"]);
});

/** What goes first: a yield, or a user-visible task that was posted just before it? */
function race(): Promise<string> {
  const log: string[] = [];
  const task = scheduler.postTask(() => log.push("task"));
  return scheduler.yield().then(() => log.push("yield")).then(() => task).then(() => log.join());
}

testWith(
  "async context",
  "a timer's callback does not have the priority and the abort of the task that set it, nor has what it goes on to",
  async () => {
    const controller = new TaskController({ priority: "background" });
    const seen = await new Promise<unknown[]>((resolve) => {
      void scheduler.postTask(() => {
        setTimeout(async () => {
          const first = await race();
          controller.abort();
          resolve([first, await race().catch(() => "rejected")]);
        });
      }, { signal: controller.signal });
    });
    // Bun does not tell a timer's callback from what an await goes on to.
    const tells = loop().context.endInTimer !== undefined;
    assertEquals(seen, tells ? ["yield,task", "yield,task"] : ["task,yield", "rejected"]);
  },
);

testWith(
  "async context",
  "what a callback has begun and not awaited keeps its priority, across timers too",
  async () => {
    const seen: string[] = [];
    await new Promise<void>((resolve) => {
      async function goOn(): Promise<void> {
        await new Promise((done) => setTimeout(done, 1));
        seen.push(await race());
        await new Promise((done) => setImmediate(done));
        seen.push(await race());
        resolve();
      }
      void scheduler.postTask(() => void goOn(), { priority: "background" });
    });
    assertEquals(seen, ["task,yield", "task,yield"]);
  },
);

testWith(
  "async context",
  "a timer set by a task is only itself without state: the task that set it keeps its own",
  async () => {
    const seen = await scheduler.postTask(async () => {
      const inTimer = await new Promise((resolve) => setTimeout(() => resolve(race())));
      return [inTimer, await race()];
    }, { priority: "background" });
    assertEquals(seen[1], "task,yield");
  },
);

testWith(
  "async context",
  "a listener that keeps the abort event from all others does not keep a task or a yield from being aborted",
  async () => {
    const make = (): TaskController => {
      const controller = new TaskController();
      controller.signal.addEventListener("abort", (event) => event.stopImmediatePropagation());
      return controller;
    };
    for (const delay of [0, 2]) {
      const controller = make();
      let ran = false;
      const promise = scheduler.postTask(() => void (ran = true), { signal: controller.signal, delay });
      controller.abort("stopped");
      assertEquals([await errorOf(promise), ran], ["stopped", false]);
    }
    for (const early of [true, false]) {
      const controller = make();
      const reason = await new Promise((resolve) => {
        void scheduler.postTask(async () => {
          await Promise.resolve();
          if (early) controller.abort("stopped");
          else void scheduler.postTask(() => controller.abort("stopped"), { priority: "user-blocking" });
          const yielded = errorOf(scheduler.yield());
          resolve(yielded);
          await yielded;
        }, { signal: controller.signal });
      });
      assertEquals(reason, "stopped");
    }
  },
);

testWith(
  "async context",
  "yield follows a priority that changes while the task runs, also while the yield waits",
  async () => {
    const log: string[] = [];
    const controller = new TaskController();
    await scheduler.postTask(async () => {
      const others = ["uv1", "uv2"].map((name) => scheduler.postTask(() => log.push(name)));
      await scheduler.yield();
      log.push("y1");
      controller.setPriority("background");
      const yielded = scheduler.yield();
      const low = scheduler.postTask(() => log.push("bg"), { priority: "background" });
      await yielded;
      log.push("y2");
      const again = scheduler.yield();
      controller.setPriority("user-blocking");
      await again;
      log.push("y3");
      await Promise.all([...others, low]);
    }, { signal: controller.signal });
    assertEquals(log.join(), "y1,uv1,uv2,y2,y3,bg");
  },
);

test("yield outside any task is a user-visible continuation that nothing cancels", async () => {
  const log: string[] = [];
  const tasks = [
    scheduler.postTask(() => log.push("ub"), { priority: "user-blocking" }),
    scheduler.postTask(() => log.push("uv")),
  ];
  await scheduler.yield();
  log.push("yield");
  await Promise.all(tasks);
  assertEquals(log, ["ub", "yield", "uv"]);
});

test("yield in a spawned task has the task's priority and is a checkpoint", async () => {
  for (const [priority, expected] of [["background", "task,yield"], ["user-visible", "yield,task"]] as const) {
    const log: string[] = [];
    await group((g) => {
      g.spawn(async () => {
        const task = scheduler.postTask(() => log.push("task"));
        await scheduler.yield();
        log.push("yield");
        await task;
      }, { priority });
    });
    assertEquals(log.join(), expected);
  }
  const caught: unknown[] = [];
  await group((g) => {
    const task = g.spawn(async () => {
      task.cancel("enough");
      await scheduler.yield().catch((error) => {
        caught.push(error);
        throw error;
      });
    });
  });
  assertEquals([caught.length, caught[0] instanceof Cancelled], [1, true]);
});
