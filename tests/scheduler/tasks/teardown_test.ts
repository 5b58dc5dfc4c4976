import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertMatch, assertRejects, assertStrictEquals } from "@std/assert";
import {
  checkpoint,
  configure,
  group,
  shield,
  sleep,
  suppressed,
  TaskGroup,
  tasks,
  TeardownError,
} from "../../../mod.ts";
import { loop } from "../../../scheduler/queue/loop.ts";
import { unhandledDuring } from "../../support/errors.ts";
import { onFakeLoop } from "../../support/fake_loop.ts";
import { latch } from "../../support/latch.ts";
import { testWith } from "../../support/needs.ts";

testWith(
  "own frames",
  "past its teardownTimeout a group rejects with TeardownError, which names the tasks, their age and where they were spawned",
  async () => {
    const stuck = latch();
    await onFakeLoop(async () => {
      const error = await assertRejects(
        () =>
          group(async (g) => {
            g.spawn(() => stuck.promise, { name: "stubborn" });
            g.spawn(() => sleep(1e6), { name: "obedient" });
            await sleep(3000);
            g.cancel();
          }, { teardownTimeout: 2000, name: "server" }),
        TeardownError,
        "server has not ended 2000 ms after its cancellation",
      );
      assertEquals(error.tasks.map(({ name }) => name.split("#")[0]), ["stubborn"]);
      assertEquals(error.tasks[0]!.age, 5000);
      assertMatch(error.tasks[0]!.path, /^server > stubborn#\d+$/);
      assertMatch(error.tasks[0]!.spawnedAt ?? "", /teardown_test/);
      assertEquals(error.cause, undefined);
      assertMatch(error.message, /stubborn#\d+ \(5\.0 s old, spawned .*teardown_test/);
      stuck.open();
    });
  },
);

test("the TeardownError has the first failure as its cause, and later ones are suppressed", async () => {
  const stuck = latch();
  const first = new Error("first");
  const second = new Error("second");
  await onFakeLoop(async () => {
    const error = await assertRejects(
      () =>
        group((g) => {
          g.spawn(() => stuck.promise);
          g.spawn(() => shield(() => sleep(1)).then(() => Promise.reject(second)));
          g.spawn(() => Promise.reject(first));
        }, { teardownTimeout: 100 }),
      TeardownError,
    );
    assertStrictEquals(error.cause, first);
    assertEquals(suppressed(error), [second]);
    stuck.open();
  });
});

testWith(
  "async context",
  "a body that ignores the cancellation is named, and what it does later still sees the cancellation",
  async () => {
    const stuck = latch();
    const seen = latch();
    let later: unknown;
    await onFakeLoop(async () => {
      const error = await assertRejects(
        () =>
          group(async (g) => {
            g.cancel("stop");
            await stuck.promise;
            later = await checkpoint().catch((error) => error);
            seen.open();
          }, { teardownTimeout: 100, name: "stubborn" }),
        TeardownError,
      );
      assertEquals(error.tasks.map(({ name }) => name), ["the body of stubborn"]);
      stuck.open();
      await seen.promise;
      assertEquals((later as Error).name, "AbortError");
    });
  },
);

test("abandoned tasks are listed until they end; then the deferred functions run, and errors go to onUnhandled", async () => {
  const stuck = latch();
  const cleaned = latch();
  const late = new Error("late");
  const errors = await unhandledDuring(() =>
    onFakeLoop(async () => {
      let name = "";
      await assertRejects(
        () =>
          group((g) => {
            g.defer(() => cleaned.open());
            g.spawn(() => stuck.promise.then(() => Promise.reject(late)), { name: "stubborn" });
            g.spawn(async (task) => {
              name = task.name;
              await checkpoint();
              g.cancel();
            });
          }, { teardownTimeout: 100, name: "given up" }),
        TeardownError,
      );
      const listed = tasks().find(({ state }) => state === "abandoned");
      assertEquals([listed?.name, listed?.children.length], ["given up", 1]);
      assert(name !== "", "the other task has not run");
      stuck.open();
      await cleaned.promise;
      await sleep(1);
      assertEquals(tasks().filter(({ state }) => state === "abandoned"), []);
    })
  );
  assertEquals(errors, [late]);
});

test("an outer group does not wait for an abandoned inner one", async () => {
  const stuck = latch();
  await onFakeLoop(async () => {
    const caught = await group(async (outer) => {
      const inner = group(async (g) => {
        g.spawn(() => stuck.promise);
        await checkpoint();
        g.cancel();
      }, { teardownTimeout: 50 }).catch((error) => error);
      outer.spawn(() => sleep(10));
      return await inner;
    });
    assertInstanceOf(caught, TeardownError);
    stuck.open();
  });
});

test("a deferred function that hangs breaks the bound too", async () => {
  const stuck = latch();
  await onFakeLoop(async () => {
    await assertRejects(
      () => group((g) => g.defer(() => stuck.promise), { teardownTimeout: 70 }),
      TeardownError,
      "70 ms",
    );
    stuck.open();
  });
});

test("joining a group after it was abandoned rejects with the TeardownError", async () => {
  const stuck = latch();
  await onFakeLoop(async () => {
    const g = new TaskGroup({ teardownTimeout: 20 });
    g.spawn(() => stuck.promise);
    await sleep(1);
    g.cancel();
    await sleep(100);
    assert(g.closed, "an abandoned group takes tasks");
    await assertRejects(() => g.join(), TeardownError);
    stuck.open();
  });
});

test("without a bound a cancelled group says whom it waits for after 10 s, then at doubling intervals", async () => {
  const stuck = latch();
  const times: number[] = [];
  const paths: string[] = [];
  let last: unknown;
  configure({
    onUnhandled: (error, { path }) => {
      times.push(loop().host.now());
      paths.push(path.replace(/#\d+/, ""));
      last = error;
    },
  });
  try {
    await onFakeLoop(() =>
      group((outside) => {
        const slow = new TaskGroup({ name: "slow" });
        slow.spawn(
          () => group((nested) => void nested.spawn(() => stuck.promise, { name: "stubborn" }), { name: "nested" }),
          { name: "inner" },
        );
        outside.spawn(async () => {
          await sleep(1000);
          slow.cancel();
          await sleep(75_000);
          stuck.open();
        });
        return slow.join();
      })
    );
  } finally {
    configure({ onUnhandled: undefined });
  }
  assertEquals(new Set(paths), new Set(["group > slow > inner > nested"]));
  assertEquals(times, [11_000, 31_000, 71_000]);
  assertInstanceOf(last, TeardownError);
  assertMatch(last.message, /nested was cancelled 40 s ago and has not ended; it waits for stubborn#\d+/);
});

test("a group that ends in time leaves no timer behind, whatever its bound", async () => {
  await onFakeLoop(async (host) => {
    for (const teardownTimeout of [Infinity, 1000]) {
      await group((g) => {
        g.spawn(() => sleep(1e6));
        g.defer(() => sleep(1));
        g.cancel();
      }, { teardownTimeout });
    }
    assertEquals([loop().timers.size, host.timers], [0, 0]);
  });
});

test("a group made with new that was cancelled, and whose tasks have ended, can be joined late whatever its bound", async () => {
  await onFakeLoop(async (host) => {
    for (const teardownTimeout of [100, Infinity]) {
      const g = new TaskGroup({ teardownTimeout });
      g.spawn(() => sleep(1e6));
      await checkpoint();
      g.cancel();
      await sleep(200);
      assertEquals([g.size, g.closed, host.timers], [0, false, 0]);
      g.cancel();
      await g.join();
    }
  });
});

test("a cleanup that begins late has the whole bound, and a body in a group that was cancelled at its start has it too", async () => {
  const stuck = latch();
  await onFakeLoop(async (host) => {
    const g = new TaskGroup({ teardownTimeout: 100 });
    g.spawn(() => sleep(1e6));
    g.defer(() => sleep(90));
    await checkpoint();
    g.cancel();
    await sleep(500);
    await g.join();
    await group(async (outer) => {
      outer.cancel();
      const began = host.time;
      await assertRejects(() => group(() => stuck.promise, { teardownTimeout: 50 }), TeardownError);
      assertEquals(host.time - began, 50);
    });
    stuck.open();
  });
});
