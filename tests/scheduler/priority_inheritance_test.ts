import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import {
  CancelScope,
  checkpoint,
  forEachChunked,
  group,
  type Priority,
  sleep,
  type Task,
  type TaskGroup,
} from "../../mod.ts";
import type { FakeHost } from "../support/fake_host.ts";
import { onFakeLoop } from "../support/fake_loop.ts";
import { latch } from "../support/latch.ts";

/** Work of a priority that never lets a lower one have a turn, until it is told to stop. */
function flood(g: TaskGroup, priority: Priority, fake: FakeHost): { rounds: number; stop(): void } {
  const state = { rounds: 0, stopped: false, stop: () => void (state.stopped = true) };
  g.spawn(async () => {
    while (!state.stopped && state.rounds < 2000) {
      state.rounds++;
      fake.time += 0.001;
      await checkpoint();
    }
  }, { priority });
  return state;
}

const waitings: Record<string, () => Promise<unknown>> = {
  "its first turn": () => Promise.resolve(),
  "checkpoints": async () => {
    for (let round = 0; round < 5; round++) await checkpoint();
  },
  "chunked work": () => forEachChunked(5, () => {}, { sliceTime: 0 }),
  "chunked work of a priority of its own": () => forEachChunked(5, () => {}, { sliceTime: 0, priority: "background" }),
  "the wait for a task of its own": () => group(async (g) => void await g.spawn(() => checkpoint())),
  "a group whose task has begun": () =>
    group((g) => {
      g.spawn(async () => {
        for (let round = 0; round < 5; round++) await checkpoint();
      });
    }),
};

for (const [name, wait] of Object.entries(waitings)) {
  test(`a background task in ${name} is not kept by a flood of user-visible work once a user-blocking task awaits it`, async () => {
    await onFakeLoop(async (fake) => {
      await group(async (g) => {
        const begun = latch();
        const slow = g.spawn(async () => {
          const waiting = wait();
          begun.open();
          await waiting;
          fake.time += 1;
        }, { priority: "background" });
        // The background task has begun to wait, and does not get on.
        await begun.promise;
        const work = flood(g, "user-visible", fake);
        while (work.rounds < 20) await checkpoint();
        const before = work.rounds;
        await g.spawn(() => slow, { priority: "user-blocking" });
        const rounds = work.rounds - before;
        work.stop();
        assert(rounds < 50, `${rounds} rounds of the flood`);
      });
    });
  });
}

test("without somebody who awaits it, the background task waits for the flood to end", async () => {
  await onFakeLoop(async (fake) => {
    await group(async (g) => {
      const work = flood(g, "user-visible", fake);
      let rounds = 0;
      g.spawn(() => void (rounds = work.rounds), { priority: "background" });
      await checkpoint();
      while (work.rounds < 2000) await checkpoint();
      assertEquals(rounds, 0);
    });
  });
});

test("the priority is inherited along a chain of tasks that await each other, and given back when the wait is cancelled", async () => {
  await group(async (g) => {
    const done = latch();
    const first = g.spawn(() => done.promise, { priority: "background" });
    const second = g.spawn(async () => await first, { priority: "background" });
    const third = g.spawn(async () => await second, { priority: "user-visible" });
    await sleep(1);
    assertEquals(priorities(first, second, third), ["user-visible", "user-visible", "user-visible"]);
    const scope = new CancelScope();
    const urgent = g.spawn(() => scope.run(async () => await third), { priority: "user-blocking" });
    await checkpoint();
    assertEquals(priorities(first, second, third), ["user-blocking", "user-blocking", "user-blocking"]);
    scope.cancel();
    await urgent;
    assertEquals(priorities(first, second, third), ["user-visible", "user-visible", "user-visible"]);
    third.cancel();
    await third.result.catch(() => {});
    assertEquals(priorities(first, second), ["background", "background"]);
    done.open();
  });
});

test("tasks that await each other in a ring are raised and cancelled without end", async () => {
  await group(async (g) => {
    const tasks: Task<unknown>[] = [];
    for (let index = 0; index < 3; index++) {
      tasks.push(g.spawn(async () => await tasks[(index + 1) % 3], { priority: "background" }));
    }
    await sleep(1);
    const urgent = g.spawn(async () => await tasks[0], { priority: "user-blocking" });
    await sleep(1);
    assertEquals(priorities(...tasks), ["user-blocking", "user-blocking", "user-blocking"]);
    urgent.cancel();
    await urgent.result.catch(() => {});
    g.cancel();
  });
});

function priorities(...tasks: Task<unknown>[]): Priority[] {
  return tasks.map(({ priority }) => priority);
}
