import { AsyncResource } from "node:async_hooks";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  all,
  CancelScope,
  checkpoint,
  currentTask,
  forEachChunked,
  group,
  mapConcurrent,
  type Priority,
  race,
  scheduler,
  sleep,
  type Task,
  TaskController,
  type TaskGroup,
  whenIdle,
} from "../../../mod.ts";
import type { FakeHost } from "../../support/fake_host.ts";
import { onFakeLoop } from "../../support/fake_loop.ts";
import { latch } from "../../support/latch.ts";
import { testWith } from "../../support/needs.ts";

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

/** Everything has come as far as it gets without what the test still holds back. */
async function quiet(): Promise<void> {
  for (let round = 0; round < 5; round++) await whenIdle();
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
  testWith(
    "async context",
    `a background task in ${name} is not kept by a flood of user-visible work once a user-blocking task awaits it`,
    async () => {
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
    },
  );
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

testWith(
  "async context",
  "the priority is inherited along a chain of tasks that await each other, and given back when the wait is cancelled",
  async () => {
    await group(async (g) => {
      const done = latch();
      const first = g.spawn(() => done.promise, { priority: "background" });
      const second = g.spawn(async () => await first, { priority: "background" });
      const third = g.spawn(async () => await second, { priority: "user-visible" });
      await quiet();
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
  },
);

testWith("async context", "tasks that await each other in a ring are raised and cancelled without end", async () => {
  await group(async (g) => {
    const tasks: Task<unknown>[] = [];
    for (let index = 0; index < 3; index++) {
      // Each waits for something else too: a ring of nothing but waits for one another would be refused.
      const next = (): unknown => Promise.race([tasks[(index + 1) % 3], sleep(1e6)]);
      tasks.push(g.spawn(next, { priority: "background" }));
    }
    await quiet();
    const urgent = g.spawn(async () => await tasks[0], { priority: "user-blocking" });
    await quiet();
    assertEquals(priorities(...tasks), ["user-blocking", "user-blocking", "user-blocking"]);
    urgent.cancel();
    await urgent.result.catch(() => {});
    g.cancel();
  });
});

/** The ways to await a task. */
const awaits: Record<string, (task: Task<unknown>) => PromiseLike<unknown>> = {
  "await": async (task) => await task,
  "then": (task) => task.then(() => {}),
  "Promise.all": (task) => Promise.all([task]),
  "Promise.allSettled": (task) => Promise.allSettled([task]),
  "Promise.race": (task) => Promise.race([task]),
  "Promise.resolve": (task) => Promise.resolve(task),
  "a function returned to a combinator": (task) => all([() => task]),
  "a group inside": (task) => group(async () => await task),
  "a task inside": (task) => group((g) => void g.spawn(() => task)),
};

for (const [name, wait] of Object.entries(awaits)) {
  testWith(
    "async context",
    `a task is raised by an urgent one that awaits it by ${name}, until it is cancelled`,
    async () => {
      await group(async (g) => {
        const done = latch();
        const slow = g.spawn(() => done.promise, { priority: "background" });
        const scope = new CancelScope();
        g.spawn(() => scope.run(async () => void await wait(slow)), { priority: "user-blocking" });
        await quiet();
        const during = slow.priority;
        scope.cancel();
        await quiet();
        const afterwards = slow.priority;
        done.open();
        assertEquals([during, afterwards], ["user-blocking", "background"]);
      });
    },
  );
}

testWith(
  "async context",
  "children have the priority of their group, a group that of the task around it, unless another one is given",
  async () => {
    const seen: Record<string, Priority> = {};
    const note = (name: string) => (): void => void (seen[name] = currentTask()!.priority);
    await group(async (g) => {
      g.spawn(note("child"));
      g.spawn(note("given"), { priority: "user-blocking" });
      void g.attempt(note("attempt"));
      await g.start((started) => (note("start")(), started(1)));
      g.spawn(() =>
        group(async (inner) => {
          inner.spawn(note("grandchild"));
          await all([note("of all")]);
          await mapConcurrent([1], note("of mapConcurrent"), { limit: 1 });
          await group((own) => void own.spawn(note("of a group with its own")), { priority: "user-visible" });
        })
      );
    }, { priority: "background" });
    assertEquals(seen, {
      "child": "background",
      "given": "user-blocking",
      "attempt": "background",
      "start": "background",
      "grandchild": "background",
      "of all": "background",
      "of mapConcurrent": "background",
      "of a group with its own": "user-visible",
    });
  },
);

testWith(
  "async context",
  "a task that several await is as urgent as the most urgent of those who are left, in whatever order they leave",
  async () => {
    for (const order of [[0, 1, 2], [2, 1, 0], [1, 0, 2], [2, 0, 1]]) {
      await group(async (g) => {
        const done = latch();
        const slow = g.spawn(() => done.promise, { priority: "background" });
        const wanted: Priority[] = ["background", "user-visible", "user-blocking"];
        const scopes = wanted.map((priority) => {
          const scope = new CancelScope();
          g.spawn(() => scope.run(async () => await slow), { priority });
          return scope;
        });
        await quiet();
        assertEquals(slow.priority, "user-blocking");
        const left = new Set([0, 1, 2]);
        for (const index of order) {
          scopes[index]!.cancel();
          left.delete(index);
          assertEquals(slow.priority, left.size === 0 ? "background" : wanted[Math.max(...left)]);
        }
        done.open();
      });
    }
  },
);

testWith(
  "async context",
  "a race that is lost no longer raises the loser, nor does a wait that has been satisfied",
  async () => {
    await group(async (g) => {
      const [done, soon] = [latch(), latch()];
      const [slow, quick] = [done, soon].map(({ promise }) => g.spawn(() => promise, { priority: "background" }));
      const urgent = g.spawn(async () => {
        await race([async () => await slow, async () => await quick]);
        return [slow!.priority, quick!.priority];
      }, { priority: "user-blocking" });
      await quiet();
      assertEquals(priorities(slow!, quick!), ["user-blocking", "user-blocking"]);
      soon.open();
      assertEquals((await urgent)[0], "background");
      done.open();
    });
  },
);

testWith(
  "async context",
  "what a raised task spawns meanwhile in groups of its own is raised too, and given back with it",
  async () => {
    await group(async (g) => {
      const [more, done] = [latch(), latch()];
      const children: Task<unknown>[] = [];
      const slow = g.spawn(() =>
        group(async (inner) => {
          children.push(inner.spawn(() => done.promise));
          await more.promise;
          children.push(
            inner.spawn(() => done.promise),
            inner.spawn(() => done.promise, { priority: "user-blocking" }),
          );
        }), { priority: "background" });
      await quiet();
      const scope = new CancelScope();
      g.spawn(() => scope.run(async () => await slow));
      await quiet();
      more.open();
      await quiet();
      assertEquals(priorities(...children), ["user-visible", "user-visible", "user-blocking"]);
      scope.cancel();
      assertEquals(priorities(slow, ...children), ["background", "background", "background", "user-blocking"]);
      done.open();
    });
  },
);

testWith(
  "async context",
  "a posted callback raises the tasks that it awaits, and follows its signal with them",
  async () => {
    await group(async (g) => {
      const done = latch();
      const slow = g.spawn(() => done.promise, { priority: "background" });
      const controller = new TaskController({ priority: "background" });
      let inner!: Task<unknown>;
      const posted = scheduler.postTask(() =>
        group(async (own) => {
          inner = own.spawn(async () => await slow);
          await slow;
        }), { signal: controller.signal });
      await quiet();
      assertEquals(priorities(slow, inner), ["background", "background"]);
      controller.setPriority("user-blocking");
      assertEquals(priorities(slow, inner), ["user-blocking", "user-blocking"]);
      controller.setPriority("user-visible");
      assertEquals(priorities(slow, inner), ["user-visible", "user-visible"]);
      controller.setPriority("background");
      assertEquals(priorities(slow, inner), ["background", "background"]);
      controller.setPriority("user-blocking");
      controller.abort("gone");
      assertEquals(await posted.catch((reason) => reason), "gone");
      assertEquals(slow.priority, "background");
      done.open();
    });
  },
);

testWith(
  "async context",
  "whoever awaits whom, begun and ended in any order, each task is as urgent as the most urgent that waits for it at length",
  async () => {
    const names: readonly Priority[] = ["background", "user-visible", "user-blocking"];
    const programs = fc.record({
      base: fc.array(fc.nat(2), { minLength: 2, maxLength: 7 }),
      /** Two numbers are a wait to begin, of the lower for the higher; one is a wait to end. */
      steps: fc.array(fc.oneof(fc.tuple(fc.nat(6), fc.nat(6)), fc.nat(20)), { maxLength: 25 }),
    });
    await fc.assert(
      fc.asyncProperty(programs, async ({ base, steps }) => {
        await group(async (g) => {
          const done = latch();
          const flows: AsyncResource[] = [];
          const tasks = base.map((priority, index) =>
            g.spawn(() => {
              flows[index] = new AsyncResource("task");
              return done.promise;
            }, { priority: names[priority]! })
          );
          await quiet();
          const waits: { from: number; to: number; scope: CancelScope }[] = [];
          for (const step of steps) {
            if (typeof step === "number") {
              const [ended] = waits.splice(step % (waits.length || 1), 1);
              ended?.scope.cancel();
            } else {
              const [from, to] = step.map((index) => index % base.length).sort() as [number, number];
              if (from === to) continue;
              const scope = new CancelScope();
              waits.push({ from, to, scope });
              flows[from]!.runInAsyncScope(() => void scope.run(async () => await tasks[to]));
              await checkpoint();
            }
            const expected = [...base];
            for (let index = 0; index < base.length; index++) {
              for (const { from, to } of waits) {
                if (to === index) expected[index] = Math.max(expected[index]!, expected[from]!);
              }
            }
            assertEquals(priorities(...tasks), expected.map((rank) => names[rank]!));
          }
          for (const { scope } of waits) scope.cancel();
          await quiet();
          done.open();
        });
      }),
      { numRuns: 60 },
    );
  },
);

function priorities(...tasks: Task<unknown>[]): Priority[] {
  return tasks.map(({ priority }) => priority);
}
