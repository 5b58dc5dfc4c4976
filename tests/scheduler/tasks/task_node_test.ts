import { AsyncLocalStorage } from "node:async_hooks";
import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertMatch, assertRejects, assertStrictEquals } from "@std/assert";
import {
  CancelScope,
  checkpoint,
  group,
  sleep,
  StructureError,
  type Task,
  TaskCancelledError,
  TaskGroup,
} from "../../../mod.ts";
import { onFakeLoop, testOnFakeLoop } from "../../support/fake_loop.ts";
import { latch } from "../../support/latch.ts";
import { strayRejections } from "../../support/stray.ts";
import { testWith } from "../../support/needs.ts";

testOnFakeLoop("a task's states follow one another: queued, running, cancelling, and how it ended", async () => {
  const goOn = latch();
  await group(async (g) => {
    const states: string[] = [];
    const task: Task<void> = g.spawn(async () => {
      states.push(task.state);
      await sleep(1e6).catch(() => {});
      states.push(task.state);
      await goOn.promise;
    });
    states.push(task.state);
    await checkpoint();
    task.cancel();
    await checkpoint();
    goOn.open();
    await task.result.catch(() => {});
    states.push(task.state);
    const fine = g.spawn(() => {});
    await fine;
    states.push(fine.state);
    assertEquals(states, ["queued", "running", "cancelling", "cancelled", "fulfilled"]);
  });
  const g = new TaskGroup();
  const failing = g.spawn(() => Promise.reject(new Error("no")));
  await assertRejects(() => g.join(), Error, "no");
  assertEquals(failing.state, "rejected");
});

test("a task's name is the one given, else that of its function, with its number", async () => {
  await group((g) => {
    const named = g.spawn(function reader() {});
    const given = g.spawn(() => {}, { name: "writer" });
    const anonymous = g.spawn(() => {});
    assertEquals(
      [named, given, anonymous].map(({ name, id }) => name === `${name.split("#")[0]}#${id}` && name.split("#")[0]),
      ["reader", "writer", "task"],
    );
    assert(named.id < given.id && given.id < anonymous.id, "the numbers do not go up");
  });
});

testWith("Node's modules", "tasks and groups show what they are when they are printed", async () => {
  const { inspect } = await import("node:util");
  await group((g) => {
    const task = g.spawn(() => {}, { name: "reader" });
    assertMatch(inspect(task), /^Task\(reader#\d+, queued\)$/);
    assertMatch(inspect(g), /^TaskGroup\(server, open, 1 live\)$/);
  }, { name: "server" });
});

testOnFakeLoop("two who await a task get the same outcome, also when it fails, and also late", async () => {
  const failure = new Error("failed");
  await group(async (outer) => {
    const g = new TaskGroup();
    const task = g.spawn(() => Promise.reject(failure));
    const caught: unknown[] = [];
    for (let index = 0; index < 2; index++) {
      outer.spawn(async () => caught.push(await task.then(() => {}, (error) => error)));
    }
    await g.join().catch(() => {});
    await sleep(1);
    caught.push(await task.then(() => {}, (error) => error), await task.result.catch((error) => error));
    assertEquals(caught.map((error) => error === failure), [true, true, true, true]);
  });
});

testOnFakeLoop(
  "a task that was cancelled rejects each who awaits it with its own error, whose cause is the cancellation",
  async () => {
    await group(async (g) => {
      const task = g.spawn(() => sleep(1e6), { name: "stuck" });
      await checkpoint();
      task.cancel("enough");
      const error = await assertRejects(async () => await task, TaskCancelledError, "stuck");
      assertStrictEquals(error.task as unknown, task);
      assertEquals((error.cause as { reason: unknown }).reason, "enough");
    });
  },
);

testOnFakeLoop("one who stops waiting for a task leaves nothing in it", async () => {
  await group(async (g) => {
    const task = g.spawn(() => sleep(100).then(() => "value"));
    for (let index = 0; index < 100; index++) {
      const scope = new CancelScope();
      const done = scope.run(async () => await task);
      scope.cancel();
      await done;
    }
    assertEquals(await task, "value");
  });
});

testWith(
  "async context",
  "a change of context in a task is seen neither by its siblings nor by whoever spawned it",
  async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    await storage.run("spawner", () =>
      group(async (g) => {
        const first = g.spawn(async () => {
          storage.enterWith("first");
          await checkpoint();
          seen.push(storage.getStore());
        });
        g.spawn(async () => {
          await first;
          seen.push(storage.getStore());
        });
        await g.join();
        seen.push(storage.getStore());
      }));
    assertEquals(seen, ["first", "spawner", "spawner"]);
  },
);

test("a task may throw at once, and may return any thenable", async () => {
  const outcomes = await group(async (g) => {
    const thenable = g.spawn(() => ({ then: (resolve: (value: number) => void) => resolve(7) }) as PromiseLike<number>);
    const thrown = await g.attempt((): number => {
      throw new RangeError("at once");
    });
    return [await thenable, (thrown as PromiseRejectedResult).reason.message];
  });
  assertEquals(outcomes, [7, "at once"]);
});

test("a thenable that throws in then fails its task", async () => {
  await assertRejects(
    () =>
      group((g) => {
        g.spawn(() =>
          ({
            then() {
              throw new RangeError("broken");
            },
          }) as unknown as PromiseLike<void>
        );
      }),
    RangeError,
    "broken",
  );
});

test("nobody has to look at a task that failed or was cancelled: its group is told, and nothing is unhandled", async () => {
  const stray = await strayRejections(async () => {
    const g = new TaskGroup();
    const failing = g.spawn(() => Promise.reject(new Error("alone")));
    const cancelled = g.spawn(() => sleep(1e6));
    void failing.result;
    void cancelled.result;
    await assertRejects(() => g.join(), Error, "alone");
  });
  assertEquals(stray, []);
});

testWith("async context", "a task that awaits itself is told so, instead of never ending", async () => {
  await assertRejects(
    () =>
      group((g) => {
        const task: Task<void> = g.spawn(async () => {
          await checkpoint();
          await task;
        }, { name: "snake" });
      }),
    StructureError,
    "snake",
  );
});

testWith(
  "async context",
  "a task that awaits one around it, or one that awaits it in turn, gets an error that names the circle",
  async () => {
    const seen: string[] = [];
    const note = (error: unknown): void => void seen.push((error as Error).message.replace(/#\d+/g, ""));
    await group(async (g) => {
      const outer: Task<void> = g.spawn(async () => {
        await group((inner) => void inner.spawn(() => outer.catch(note), { name: "child" }));
      }, { name: "parent" });
      const first: Task<void> = g.spawn(async () => void await second, { name: "first" });
      const second: Task<void> = g.spawn(async () => void await third, { name: "second" });
      const third: Task<void> = g.spawn(() => first.catch(note), { name: "third" });
      await Promise.all([outer, first, second, third]);
    });
    assertEquals(seen.sort(), [
      "child awaits parent, which it is in: none of them would ever end",
      "third awaits first, which awaits second, which awaits third: none of them would ever end",
    ]);
  },
);

testWith(
  "async context",
  "a daemon may await the task around it, and a task one that waits for it among others",
  async () => {
    await group(async (g) => {
      const outer: Task<void> = g.spawn(() =>
        group(async (inner) => {
          inner.spawn(async () => void await outer, { daemon: true });
          await checkpoint();
        })
      );
      const one: Task<unknown> = g.spawn(() => Promise.race([two, sleep(1)]));
      const two: Task<unknown> = g.spawn(async () => await one);
      await Promise.all([outer, one, two]);
    });
  },
);

test("awaiting tasks outside any scope works, and is no checkpoint", async () => {
  await onFakeLoop(async () => {
    const g = new TaskGroup();
    const value = g.spawn(() => sleep(5).then(() => "value"));
    const stuck = g.spawn(() => sleep(1e6));
    assertEquals(await value, "value");
    stuck.cancel();
    assertInstanceOf(await stuck.then(() => {}, (error) => error), TaskCancelledError);
    await g.join();
  });
});
