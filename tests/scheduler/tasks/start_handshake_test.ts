import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { CancelScope, checkpoint, group, sleep, StructureError, TaskCancelledError, TaskGroup } from "../../../mod.ts";
import { testOnFakeLoop } from "../../support/fake_loop.ts";
import { latch } from "../../support/latch.ts";
import { strayRejections } from "../../support/stray.ts";

testOnFakeLoop("start resolves with what the task gives to started, and the task goes on", async () => {
  const log: string[] = [];
  await group(async (g) => {
    const value = await g.start<number>(async (started) => {
      await checkpoint();
      started(42);
      await sleep(2);
      log.push("task");
    });
    log.push(`started ${value}`);
  });
  assertEquals(log, ["started 42", "task"]);
});

test("a task that fails before started rejects start, and is no failure of the group", async () => {
  const failure = new RangeError("no port");
  const result = await group(async (g) => {
    const caught = await g.start(() => Promise.reject(failure)).catch((error) => error);
    assertStrictEquals(caught, failure);
    return "goes on";
  });
  assertEquals(result, "goes on");
});

test("a task that fails before started when nobody waits in start fails its group, and nothing is unhandled", async () => {
  const failure = new RangeError("no port");
  const stray = await strayRejections(async () => {
    const error = await assertRejects(() =>
      group((g) => {
        void g.start(() => Promise.reject(failure));
      })
    );
    assertStrictEquals(error, failure);
  });
  assertEquals(stray, []);
});

testOnFakeLoop("a task that fails after started fails its group", async () => {
  const failure = new Error("later");
  const error = await assertRejects(() =>
    group(async (g) => {
      await g.start<void>(async (started) => {
        started();
        await checkpoint();
        throw failure;
      });
    })
  );
  assertStrictEquals(error, failure);
});

test("a task that ends without calling started rejects start with a StructureError", async () => {
  await group(async (g) => {
    await assertRejects(() => g.start(() => {}, { name: "mute" }), StructureError, "mute");
  });
});

testOnFakeLoop("calling started twice throws a StructureError", async () => {
  const error = await assertRejects(() =>
    group(async (g) => {
      await g.start<number>((started) => {
        started(1);
        started(2);
      });
      await sleep(1);
    }), StructureError);
  assertEquals(error.message.includes("before"), true);
});

testOnFakeLoop(
  "whoever is cancelled while it waits in start cancels the task, and a late started is ignored",
  async () => {
    const log: string[] = [];
    await group(async (g) => {
      const scope = new CancelScope();
      const running = latch();
      const waiting = scope.run(() =>
        g.start<void>(async (started, task) => {
          running.open();
          try {
            await sleep(1e6);
          } finally {
            log.push(task.state);
            started();
          }
        })
      );
      await running.promise;
      scope.cancel();
      await waiting;
      assert(scope.cancelCaught, "start did not see the cancellation");
    });
    assertEquals(log, ["cancelling"]);
  },
);

testOnFakeLoop(
  "a cancellation wins over a started that the waiting caller has not seen, and cancels the task",
  async () => {
    let ended = "";
    await group(async (g) => {
      const scope = new CancelScope();
      await scope.run(() =>
        g.start<void>(async (started, task) => {
          started();
          scope.cancel();
          await sleep(1e6).finally(() => ended = task.state);
        })
      );
      assert(scope.cancelCaught, "the value won");
    });
    assertEquals(ended, "cancelling");
  },
);

testOnFakeLoop(
  "a task that is cancelled before started rejects start with TaskCancelledError outside its group",
  async () => {
    await group(async (outer) => {
      const g = new TaskGroup();
      const running = latch();
      outer.spawn(async () => {
        await running.promise;
        g.cancel();
      });
      await assertRejects(
        () =>
          g.start(async () => {
            running.open();
            await sleep(1e6);
          }),
        TaskCancelledError,
      );
      await g.join();
    });
  },
);

test("start in a cancelled group never starts the task, and in a closed one throws", async () => {
  let started = false;
  const g = new TaskGroup();
  g.cancel();
  await assertRejects(() => g.start(() => (started = true)), TaskCancelledError);
  assert(!started, "it started");
  await g.join();
  assertThrows(() => g.start(() => {}), StructureError, "has ended");
  assertThrows(() => g.start(1 as never), TypeError, "received 1");
});
