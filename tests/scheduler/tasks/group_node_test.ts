/** How groups end: exit, failure and cleanup. */

import process from "node:process";
import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import {
  Cancelled,
  checkpoint,
  group,
  moveOnAfter,
  shield,
  sleep,
  suppressed,
  TaskCancelledError,
  TaskGroup,
  TimeoutError,
} from "../../../mod.ts";
import { loop } from "../../../scheduler/queue/loop.ts";
import { testOnFakeLoop, testOnFakeLoopWith } from "../../support/fake_loop.ts";
import { strayRejections } from "../../support/stray.ts";

testOnFakeLoop("an attempt that is cancelled is cancelled, and no result", async () => {
  await group(async (g) => {
    const attempt = g.attempt(() => sleep(1e6));
    await checkpoint();
    attempt.cancel();
    await assertRejects(async () => await attempt, TaskCancelledError);
    assertEquals(attempt.state, "cancelled");
  });
});

testOnFakeLoop("a group's timeout reaches its tasks as a deadline, and wins over a later cancel", async () => {
  let source: unknown;
  await assertRejects(
    () =>
      group((g) => {
        g.spawn(() =>
          sleep(1e6).catch((error) => {
            source = (error as Cancelled).source;
            g.cancel("later");
            throw error;
          })
        );
      }, { timeout: 1 }),
    TimeoutError,
  );
  assertEquals(source, "deadline");
});

testOnFakeLoop("a group that was cancelled by hand before its timeout passed does not time out", async () => {
  await group(async (g) => {
    g.cancel();
    await shield(() => sleep(3));
  }, { timeout: 1 });
});

testOnFakeLoop("a daemon holds a slot of the limit (limits count what runs)", async () => {
  let most = 0;
  let running = 0;
  await group((g) => {
    g.spawn(() => sleep(1e6), { daemon: true });
    for (let index = 0; index < 4; index++) {
      g.spawn(async () => {
        most = Math.max(most, ++running);
        await sleep(1);
        running--;
      });
    }
  }, { limit: 2 });
  assertEquals(most, 1);
});

testOnFakeLoop("a limit is kept under failures, cancellations and spawning from tasks, and all tasks end", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.constantFrom("run", "fail", "cancel one", "spawn", "stubborn"), { maxLength: 25 }),
      async (limit, kinds) => {
        let running = 0;
        let most = 0;
        let ended = 0;
        let started = 0;
        const g = new TaskGroup({ limit });
        async function work(kind: string): Promise<void> {
          started++;
          most = Math.max(most, ++running);
          try {
            if (kind === "spawn") g.spawn(() => work("run"));
            if (kind === "stubborn") await sleep(0).catch(() => shield(() => checkpoint()));
            else await sleep(0);
            if (kind === "fail") throw new Error("on purpose");
          } finally {
            running--;
            ended++;
          }
        }
        const spawned = kinds.map((kind) => g.attempt(() => work(kind)));
        for (const [index, kind] of kinds.entries()) if (kind === "cancel one") spawned[index]!.cancel();
        await g.join();
        assert(most <= limit, `${most} ran at once with a limit of ${limit}`);
        assertEquals([started, running, g.size, g.statistics().running, g.statistics().queued], [ended, 0, 0, 0, 0]);
      },
    ),
    { numRuns: 200 },
  );
});

test("an aborted signal means not started; its reason may be anything, and is what the group rejects with", async () => {
  for (const reason of [null, undefined, 0, "text", new Error("why")]) {
    const controller = new AbortController();
    controller.abort(reason);
    const expected = controller.signal.reason;
    let ran = false;
    const caught = await group(() => (ran = true), { signal: controller.signal }).catch((error) => ({ error }));
    assertEquals([ran, caught], [false, { error: expected }]);
  }
});

test("no listener is left on a signal after 10,000 operations on it, and two dozen at once have one together", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  let most = 0;
  const add = signal.addEventListener.bind(signal) as (...args: unknown[]) => void;
  const remove = signal.removeEventListener.bind(signal) as (...args: unknown[]) => void;
  signal.addEventListener = (...args: unknown[]) => {
    most = Math.max(most, ++listeners);
    add(...args);
  };
  signal.removeEventListener = (...args: unknown[]) => {
    listeners--;
    remove(...args);
  };
  for (let round = 0; round < 10_000; round++) await group(() => {}, { signal });
  const running = Array.from({ length: 24 }, () => group(() => sleep(1e6), { signal }).catch((error) => error));
  assertEquals([listeners, most], [1, 1]);
  controller.abort("enough");
  assertEquals([...new Set(await Promise.all(running))], ["enough"]);
  assertEquals(listeners, 0);
});

test("a throwing listener on a task's signal does not keep the cancellation from others", async () => {
  const cancelled: number[] = [];
  const thrown: unknown[] = [];
  const swallow = (error: unknown): void => void thrown.push(error);
  process.on("uncaughtException", swallow);
  try {
    await group(async (g) => {
      for (let index = 0; index < 3; index++) {
        g.spawn((task) => {
          task.signal.onabort = () => cancelled.push(index);
          return sleep(1e6);
        });
      }
      await checkpoint();
      g.cancel();
    });
  } finally {
    process.off("uncaughtException", swallow);
  }
  assertEquals(cancelled, [0, 1, 2]);
});

test("a wait that nobody awaits is no unhandled rejection when it is cancelled", async () => {
  const stray = await strayRejections(() =>
    group(async (g) => {
      void sleep(1e6);
      void checkpoint();
      g.spawn(() => void sleep(1e6));
      g.cancel();
      await checkpoint();
    })
  );
  assertEquals(stray, []);
});

testOnFakeLoop("moveOnAfter around a group cancels its tasks and waits for them", async () => {
  let ended = false;
  await moveOnAfter(1, () => group((g) => void g.spawn(() => sleep(1e6).finally(() => ended = true))));
  assert(ended, "the task has not ended");
});

testOnFakeLoopWith(
  "async context",
  "whatever fails, is cancelled or is spawned, a group ends after all its tasks and reports each failure once",
  async () => {
    interface Plan {
      kind: "value" | "fail" | "fail when cancelled" | "sleep" | "swallow" | "cancel group" | "cancel sibling" | "nest";
      turns: number;
      inner: Plan[];
    }
    const { plans } = fc.letrec<{ plan: Plan; plans: Plan[] }>((tie) => ({
      plans: fc.oneof(
        { depthSize: "small", withCrossShrink: true },
        fc.constant<Plan[]>([]),
        fc.array(tie("plan"), { maxLength: 4 }),
      ),
      plan: fc.record({
        kind: fc.constantFrom(
          "value",
          "fail",
          "fail when cancelled",
          "sleep",
          "swallow",
          "cancel group",
          "cancel sibling",
          "nest",
        ),
        turns: fc.nat(3),
        inner: tie("plans"),
      }),
    })) as unknown as { plans: fc.Arbitrary<Plan[]> };
    await fc.assert(
      fc.asyncProperty(plans, async (plans) => {
        let live = 0;
        const thrown: Error[] = [];
        const failed = (): Error => {
          const error = new Error(`failure ${thrown.length}`);
          thrown.push(error);
          return error;
        };
        async function perform(plan: Plan, g: TaskGroup, siblings: { cancel(): void }[]): Promise<void> {
          live++;
          try {
            for (let turn = 0; turn < plan.turns; turn++) await checkpoint();
            if (plan.kind === "fail") throw failed();
            if (plan.kind === "sleep") await sleep(0.1);
            if (plan.kind === "swallow") await sleep(0.1).catch(() => {});
            if (plan.kind === "cancel group") g.cancel();
            if (plan.kind === "cancel sibling") siblings[0]?.cancel();
            if (plan.kind === "nest") await runAll(plan.inner);
            if (plan.kind === "fail when cancelled") {
              await sleep(0.1).catch((error) => {
                throw error instanceof Cancelled ? failed() : error;
              });
            }
          } finally {
            await shield(() => checkpoint());
            live--;
          }
        }
        function runAll(plans: readonly Plan[]): Promise<void> {
          return group((g) => {
            const siblings: { cancel(): void }[] = [];
            for (const plan of plans) siblings.push(g.spawn(() => perform(plan, g, siblings)));
          });
        }
        const outcome = await runAll(plans).then(() => undefined, (error) => error);
        assertEquals(live, 0);
        const reported = outcome === undefined ? [] : [outcome, ...suppressed(outcome)];
        assertEquals(new Set(reported), new Set(thrown));
        assertEquals(reported.length, thrown.length);
        assertEquals([loop().queue.size, loop().timers.size], [0, 0]);
      }),
      { numRuns: 300 },
    );
  },
);
