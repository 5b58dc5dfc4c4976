/** How a group ends: at the exit of its body, by a join, or left open. */

import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { Cancelled, CancelScope, checkpoint, group, shield, sleep, StructureError, TaskGroup } from "../../../mod.ts";
import { loop } from "../../../scheduler/queue/loop.ts";
import { failsWhenCancelled, unhandledDuring } from "../../support/errors.ts";
import { testOnFakeLoop, testOnFakeLoopWith } from "../../support/fake_loop.ts";
import { latch } from "../../support/latch.ts";
import { strayRejections } from "../../support/stray.ts";

testOnFakeLoop(
  "a cancel that reaches a group waiting at its exit cancels the tasks and keeps waiting",
  async () => {
    const log: string[] = [];
    const scope = new CancelScope();
    const started = latch();
    const done = scope.run(() =>
      group((g) => {
        g.spawn(async () => {
          started.open();
          try {
            await sleep(1e6);
          } finally {
            await shield(() => sleep(1));
            log.push("cleaned up");
          }
        });
      })
    );
    await started.promise;
    scope.cancel();
    await done;
    assertEquals([log, scope.cancelCaught], [["cleaned up"], true]);
  },
);

testOnFakeLoop(
  "cancel is idempotent and allowed from a task, from outside, twice and after the end",
  async () => {
    let outside!: TaskGroup;
    await group(async (g) => {
      outside = g;
      g.spawn(() => {
        g.cancel("one");
        g.cancel("two");
      });
      const error = await sleep(1e6).catch((error) => error);
      assertEquals((error as Cancelled).reason, "one");
    });
    outside.cancel("after");
    assert(outside.closed, "it is not closed");
  },
);

testOnFakeLoop("a task may be spawned while the group waits at its exit, and is waited for", async () => {
  const log: string[] = [];
  await group((g) => {
    g.spawn(async () => {
      await sleep(1);
      g.spawn(() => sleep(1).then(() => log.push("grandchild")));
    });
  });
  assertEquals(log, ["grandchild"]);
});

test("joining from a task of the group is refused: it would wait for itself", async () => {
  await group(async (g) => {
    await g.spawn(() => assertThrows(() => g.join(), StructureError, "from within"));
    await g.spawn(() => group(() => assertThrows(() => g.join(), StructureError, "from within")));
  });
  const g = new TaskGroup();
  g.defer(() => void assertThrows(() => g.join(), StructureError, "from within"));
  await g.join();
});

testOnFakeLoop(
  "join in the body of group() waits for the tasks there are, daemons not counted, and the group stays open",
  async () => {
    const log: string[] = [];
    await group(async (g) => {
      g.spawn(() => sleep(1e6), { daemon: true });
      g.spawn(() => sleep(2).then(() => log.push("one")));
      await g.join();
      log.push("joined");
      g.spawn(() => sleep(1).then(() => log.push("two")));
      await g.join();
      await g.join();
      log.push("joined again");
    });
    assertEquals(log, ["one", "joined", "two", "joined again"]);
  },
);

testOnFakeLoop(
  "join in the body sees a failing task as a cancellation, and the group rejects with the failure",
  async () => {
    const failure = new Error("task");
    let seen: unknown;
    const error = await assertRejects(() =>
      group(async (g) => {
        g.spawn(() => sleep(1).then(() => Promise.reject(failure)));
        await g.join().catch((error) => {
          seen = error;
          throw error;
        });
      })
    );
    assertStrictEquals(error, failure);
    assertInstanceOf(seen, Cancelled);
  },
);

testOnFakeLoop(
  "joining a group made with new twice gives the same promise, and its failure is thrown once by the disposal",
  async () => {
    const g = new TaskGroup();
    g.spawn(() => Promise.reject(new Error("task")));
    const joined = g.join();
    assertStrictEquals(g.join(), joined);
    await assertRejects(() => joined, Error, "task");
    await g[Symbol.asyncDispose]();
    const unjoined = new TaskGroup();
    unjoined.spawn(() => Promise.reject(new Error("unseen")));
    await sleep(2);
    await assertRejects(() => unjoined[Symbol.asyncDispose](), Error, "unseen");
  },
);

testOnFakeLoop("a group that lives long keeps nothing of the tasks that have ended", async () => {
  await group(async (g) => {
    for (let round = 0; round < 50; round++) {
      for (let index = 0; index < 200; index++) g.spawn(() => checkpoint());
      await g.join();
    }
    assertEquals([g.size, g.statistics().spawned, g.statistics().running, loop().queue.size], [0, 10_000, 0, 0]);
  });
});

testOnFakeLoopWith(
  "async context",
  "an empty group ends in the turn of its caller, and is never itself the source of a cancellation",
  async () => {
    const { entriesRun } = loop().queue;
    assertEquals(await group(() => 1), 1);
    assertEquals(loop().queue.entriesRun, entriesRun);
    const scope = new CancelScope();
    const log: unknown[] = [];
    await scope.run(async () => {
      scope.cancel();
      log.push(await group(() => 2));
      await checkpoint();
      log.push("not reached");
    });
    assertEquals(log, [2]);
  },
);

testOnFakeLoop(
  "a group made with new that is left open and never joined is cancelled and closed with the code around it",
  async () => {
    const failure = new Error("in cleanup");
    let left!: TaskGroup;
    const unhandled = await unhandledDuring(async () => {
      await assertRejects(
        () =>
          group(async () => {
            left = new TaskGroup({ name: "left" });
            left.spawn(() => failsWhenCancelled(failure));
            await checkpoint();
          }),
        StructureError,
        "left open",
      );
      await checkpoint();
    });
    assertEquals([left.closed, unhandled], [true, [failure]]);
  },
);

test("a timeout that was left open is closed with the code around it, and rejects nobody unheard", async () => {
  const { withTimeout } = await import("../../../mod.ts");
  const stray = await strayRejections(() =>
    assertRejects(() =>
      group((g) => {
        g.spawn(() => void withTimeout(1e6, () => sleep(1e6)));
      }), StructureError)
  );
  assertEquals(stray, []);
});
