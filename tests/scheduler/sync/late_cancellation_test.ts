/**
 * What is there is given at once; a cancellation that comes before the task goes on still wins, and then nothing was taken. What a task
 * has left behind takes nothing either.
 */

import { test } from "node:test";
import { assertEquals, assertInstanceOf } from "@std/assert";
import { Broadcast, Cancelled, CancelScope, group, RateLimiter, ReadWriteLock, Watch } from "../../../mod.ts";
import { loop } from "../../../scheduler/queue/loop.ts";
import { onFakeLoop } from "../../support/fake_loop.ts";
import { strayRejections } from "../../support/stray.ts";
import { turns, watch } from "../../support/turns.ts";
import { type Need, testWith } from "../../support/needs.ts";

interface Case {
  readonly ask: () => Promise<unknown>;
  readonly left: () => unknown;
  readonly expected: unknown;
  /** What one gets who asks after that. */
  readonly next: unknown;
}

const cases: Record<string, () => Case> = {
  "a value of a broadcast": () => {
    const broadcast = new Broadcast<string>(2);
    const receiver = broadcast.subscribe();
    broadcast.send("value");
    return { ask: () => receiver.receive(), left: () => receiver.size, expected: 1, next: "value" };
  },
  "a change of a watch": () => {
    const changing = new Watch("old");
    const receiver = changing.subscribe();
    changing.set("new");
    return { ask: () => receiver.changed(), left: () => receiver.hasChanged, expected: true, next: "new" };
  },
  "a lock to write": () => {
    const lock = new ReadWriteLock();
    return {
      ask: () => lock.write(() => "written"),
      left: () => lock.statistics().writing,
      expected: false,
      next: "written",
    };
  },
  "a lock to read": () => {
    const lock = new ReadWriteLock();
    return { ask: () => lock.read(() => "read"), left: () => lock.statistics().readers, expected: 0, next: "read" };
  },
  "a start": () => {
    const limiter = new RateLimiter({ limit: 1, interval: 100_000 });
    return {
      ask: () => limiter.run(() => "begun"),
      left: () => limiter.statistics().used,
      expected: 0,
      next: "begun",
    };
  },
};

for (const [what, make] of Object.entries(cases)) {
  test(`${what} that was there, but whose task was cancelled in the same moment, is the next one's`, async () => {
    const { ask, left, expected, next } = make();
    const scope = new CancelScope();
    await scope.run(async () => {
      const asked = watch(ask());
      scope.cancel();
      await turns().catch(() => {});
      assertInstanceOf(asked.error, Cancelled);
    });
    assertEquals(left(), expected);
    assertEquals(await ask(), next);
  });
}

interface Wait {
  /** Waits for what is not there yet. */
  readonly ask: () => Promise<unknown>;
  /** Makes it be there, once. */
  readonly give: () => void;
  readonly given: unknown;
  readonly waiting: () => number;
}

const waits: Record<string, () => Wait> = {
  "a value of a broadcast": () => {
    const broadcast = new Broadcast<string>(2);
    const receiver = broadcast.subscribe();
    const give = (): void => void broadcast.send("value");
    return { ask: () => receiver.receive(), give, given: "value", waiting: () => broadcast.statistics().waiting };
  },
  "a change of a watch": () => {
    const changing = new Watch("old");
    const receiver = changing.subscribe();
    const give = (): void => changing.set("new");
    return { ask: () => receiver.changed(), give, given: "new", waiting: () => changing.statistics().waiting };
  },
  "a value of a watch": () => {
    const changing = new Watch("old");
    const ask = (): Promise<unknown> => changing.waitFor((value) => value === "new");
    const give = (): void => changing.set("new");
    return { ask, give, given: "new", waiting: () => changing.statistics().waiting };
  },
  "a lock": () => {
    const lock = new ReadWriteLock();
    const permit = lock.tryAcquireWrite()!;
    const waiting = (): number => lock.statistics().waitingToRead;
    return { ask: () => lock.read(() => "read"), give: () => permit.release(), given: "read", waiting };
  },
};

for (const [what, make] of Object.entries(waits)) {
  for (const gives of ["before its task ends", "after its task has ended"] as const) {
    const needs: Need[] = what === "a value of a watch" && gives === "after its task has ended"
      ? ["async context"]
      : [];
    testWith(
      needs,
      `a wait for ${what} that a task has left behind takes nothing, when it comes ${gives}`,
      async () => {
        const { ask, give, given, waiting } = make();
        const stray = await strayRejections(async () => {
          await group((g) =>
            g.spawn(async () => {
              void ask();
              await turns(2);
              if (gives === "before its task ends") give();
            })
          );
          await turns();
          assertEquals(waiting(), 0);
          if (gives === "after its task has ended") give();
          assertEquals(await ask(), given);
        });
        assertEquals(stray, []);
      },
    );
  }
}

test("a wait for a start that a task has left behind uses nothing and leaves no timer", async () => {
  await onFakeLoop(async () => {
    const limiter = new RateLimiter({ limit: 1, interval: 100 });
    limiter.tryAcquire();
    await group((g) => void g.spawn(() => void limiter.acquire()));
    assertEquals([loop().timers.size, limiter.statistics().waiting, limiter.statistics().used], [0, 0, 1]);
  });
});
