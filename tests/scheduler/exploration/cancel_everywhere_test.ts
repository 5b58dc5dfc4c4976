import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Cancelled, Latch, sleep, type TaskGroup } from "../../../mod.ts";
import { cancelEverywhere, CancellationFailure, DeadlockError, LeakError } from "../../../testing.ts";
import { testWith } from "../../support/needs.ts";

testWith(
  "async context",
  "the body is cancelled after each of its macrotasks once, and sees it as a cancellation of its scope",
  async () => {
    const seen: string[] = [];
    const { points } = await cancelEverywhere(async () => {
      let reached = 0;
      try {
        for (; reached < 3; reached++) await sleep(10);
        seen.push("end");
      } catch (error) {
        assert(error instanceof Cancelled);
        seen.push(`${reached}`);
        throw error;
      }
    });
    // A sleep takes two macrotasks: that of its timer and that of its turn.
    assertEquals(points, 6);
    assertEquals(seen.map(String), ["end", "0", "0", "1", "1", "2", "2"]);
  },
);

test("a timer that the cancelled body leaves behind is found", async () => {
  const error = await assertRejects(
    () =>
      cancelEverywhere(async () => {
        const timer = setTimeout(() => {}, 1000);
        await sleep(10);
        clearTimeout(timer);
      }),
    CancellationFailure,
  );
  assert(error.cause instanceof LeakError, error.message);
  assertEquals([error.point, error.turn], [0, "the body"]);
});

test("a body that ignores its cancellation and waits for ever is found", async () => {
  const error = await assertRejects(
    () =>
      cancelEverywhere(async () => {
        let wake = () => {};
        const woken = new Promise<void>((resolve) => wake = resolve);
        await Promise.all([woken, sleep(10).then(wake)].map((each) => each.catch(() => woken)));
      }),
    CancellationFailure,
  );
  assert(error.cause instanceof DeadlockError, error.message);
});

test("what the body's own cleanup or `after` throws is found, with the point", async () => {
  let held = false;
  const body = async () => {
    held = true;
    await sleep(10);
    await sleep(10);
    held = false;
  };
  const after = () => {
    if (held) throw new Error("the lock is held");
  };
  const error = await assertRejects(() => cancelEverywhere(body, { after }), CancellationFailure, "the lock is held");
  assertEquals(error.point, 0);
  await cancelEverywhere(async () => {
    held = true;
    try {
      await sleep(10);
    } finally {
      held = false;
    }
  }, { after });
});

testWith(
  "async context",
  "with `tasks` each task is cancelled alone at each of its waits, and what others lose by that is found",
  async () => {
    const { points, checkpoints } = await cancelEverywhere(async (_, g) => {
      for (let task = 0; task < 2; task++) {
        g.spawn(async () => {
          await sleep(1);
          await sleep(2);
        });
      }
      await sleep(5);
    }, { tasks: true });
    assertEquals([points > 5, checkpoints], [true, 4]);

    const opens = (cleanup: (ready: Latch) => void) => async (_: unknown, g: TaskGroup) => {
      const ready = new Latch();
      g.spawn(async () => {
        try {
          await sleep(5);
          ready.open();
        } finally {
          cleanup(ready);
        }
      }, { name: "opener" });
      await ready.wait();
    };
    const error = await assertRejects(
      () => cancelEverywhere(opens(() => {}), { tasks: true }),
      CancellationFailure,
      "With its task opener cancelled while it waited for sleep, after 1 macrotasks",
    );
    assert(error.cause instanceof DeadlockError);
    await cancelEverywhere(opens((ready) => ready.open()), { tasks: true });
  },
);

test("a body may reject with the cancellation of a task it awaits, and `after` is called all the same", async () => {
  let calls = 0;
  const { points, checkpoints } = await cancelEverywhere(async (_, g) => {
    await g.spawn(() => sleep(5));
  }, { tasks: true, after: () => void calls++ });
  assertEquals([calls, checkpoints], [1 + points + checkpoints, 1]);
});

test("a seed puts the events of the runs in another order", async () => {
  const orders = new Set<string>();
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    let order = "";
    await cancelEverywhere(async (sim) => {
      order = "";
      await Promise.all(["a", "b"].map((name) => sim.io(name).then(() => order += name)));
    }, { seed, after: () => void (order.length === 2 && orders.add(order)) });
  }
  assertEquals([...orders].sort(), ["ab", "ba"]);
});

test("a body that fails uncancelled fails as itself", async () => {
  await assertRejects(() => cancelEverywhere(() => Promise.reject(new RangeError("mine"))), RangeError, "mine");
});

test("wrong arguments throw at the call", () => {
  assertThrows(() => cancelEverywhere(1 as unknown as () => void), TypeError, "1");
  assertThrows(() => cancelEverywhere(() => {}, { after: 1 as unknown as () => void }), TypeError, "1");
  assertThrows(() => cancelEverywhere(() => {}, { maxSteps: -1 }), RangeError, "-1");
});
