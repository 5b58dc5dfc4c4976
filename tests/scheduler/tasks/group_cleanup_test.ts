/** Cleanup in groups: `finally` and deferred functions. */

import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import {
  type Cancelled,
  checkpoint,
  group,
  shield,
  sleep,
  StructureError,
  suppressed,
  type TaskGroup,
} from "../../../mod.ts";
import { unhandledDuring } from "../../support/errors.ts";
import { testOnFakeLoop, testOnFakeLoopWith } from "../../support/fake_loop.ts";
import { latch } from "../../support/latch.ts";

testOnFakeLoop(
  "cancel and await resolves only after the task's own children and cleanup have ended",
  async () => {
    const log: string[] = [];
    await group(async (g) => {
      const started = latch();
      const task = g.spawn(() =>
        group((inner) => {
          inner.defer(async () => {
            await sleep(1);
            log.push("deferred");
          });
          inner.spawn(async () => {
            started.open();
            await sleep(1e6).finally(() => log.push("child"));
          });
        })
      );
      await started.promise;
      task.cancel();
      await task.then(() => {}, () => {});
      log.push("awaited");
    });
    assertEquals(log, ["child", "deferred", "awaited"]);
  },
);

testOnFakeLoop(
  "deferred functions run exactly once, last in first out; one that throws, even at once, stops no other, and no error of theirs is lost, as the first is with Effection",
  async () => {
    const log: number[] = [];
    const failures = [new Error("at once"), new Error("later"), new Error("body")];
    const error = await assertRejects(() =>
      group((g) => {
        g.defer(() => void log.push(1));
        g.defer(() => {
          log.push(2);
          throw failures[0];
        });
        g.defer(async () => {
          await sleep(1);
          log.push(3);
          throw failures[1];
        });
        throw failures[2];
      })
    );
    assertStrictEquals(error, failures[2]);
    assertEquals(suppressed(error), [failures[1], failures[0]]);
    assertEquals(log, [3, 2, 1]);
  },
);

testOnFakeLoop(
  "a cancel during a cleanup that runs waits for that cleanup, and does not report the body's error twice",
  async () => {
    const log: string[] = [];
    const failure = new Error("body");
    let inCleanup!: TaskGroup;
    const started = latch();
    const ended = group((g) => {
      inCleanup = g;
      g.defer(async () => {
        started.open();
        await sleep(10);
        log.push("cleaned up");
      });
      throw failure;
    }).catch((error) => error);
    await started.promise;
    inCleanup.cancel("again");
    assertStrictEquals(await ended, failure);
    assertEquals([log, suppressed(failure)], [["cleaned up"], []]);
  },
);

testOnFakeLoopWith(
  "async context",
  "after a cancelled step whose cleanup was asynchronous nothing past the next checkpoint runs",
  async () => {
    const log: string[] = [];
    await group(async (g) => {
      const running = latch();
      g.spawn(async () => {
        running.open();
        try {
          await sleep(1e6);
        } catch {
          await shield(() => sleep(5));
          log.push("cleaned up");
        }
        await checkpoint();
        log.push("not reached");
      });
      await running.promise;
      g.cancel();
    });
    assertEquals(log, ["cleaned up"]);
  },
);

testOnFakeLoop("a deferred function sees how the group ended", async () => {
  const seen: unknown[] = [];
  const failure = new Error("failed");
  await group((g) => {
    g.defer((outcome) => void seen.push(outcome));
    return 7;
  });
  await group((g) => {
    g.defer((outcome) => void seen.push(outcome));
    throw failure;
  }).catch(() => {});
  await group((g) => {
    g.defer((outcome) => void seen.push(outcome.status, (outcome as { reason: Cancelled }).reason.reason));
    g.cancel("why");
    return checkpoint();
  });
  assertEquals(seen, [
    { status: "fulfilled", value: 7 },
    { status: "rejected", reason: failure },
    "cancelled",
    "why",
  ]);
});

testOnFakeLoop(
  "a deferred function that is registered by another one runs too; in a closed group it runs at once",
  async () => {
    const log: string[] = [];
    let closed!: TaskGroup;
    await group((g) => {
      closed = g;
      g.defer(() => {
        log.push("first");
        g.defer(() => void log.push("from it"));
      });
    });
    closed.defer(() => void log.push("at once"));
    assertEquals(log, ["first", "from it", "at once"]);
    const unhandled = await unhandledDuring(async () => {
      closed.defer(() => Promise.reject("lost"));
      await sleep(1);
    });
    assertEquals(unhandled, ["lost"]);
  },
);

testOnFakeLoop("a group left open in a deferred function is closed, and said to be a failure", async () => {
  let closed = false;
  await assertRejects(
    () =>
      group((g) =>
        g.defer(() => {
          void group(() => sleep(1e6).finally(() => closed = true));
        })
      ),
    StructureError,
    "left open",
  );
  assert(closed, "it has not closed");
});

testOnFakeLoop(
  "a timeout that passes only while the deferred functions run is none: the work was done in time",
  async () => {
    const value = await group((g) => {
      g.defer(() => sleep(5));
      return "in time";
    }, { timeout: 2 });
    assertEquals(value, "in time");
  },
);
