import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Cancelled, sleep } from "../../../mod.ts";
import { cancelEverywhere, CancellationFailure, DeadlockError, LeakError } from "../../../testing.ts";

test("the body is cancelled after each of its macrotasks once, and sees it as a cancellation of its scope (S-37)", async () => {
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
});

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

test("a body that fails uncancelled fails as itself", async () => {
  await assertRejects(() => cancelEverywhere(() => Promise.reject(new RangeError("mine"))), RangeError, "mine");
});

test("wrong arguments throw at the call", () => {
  assertThrows(() => cancelEverywhere(1 as unknown as () => void), TypeError, "1");
  assertThrows(() => cancelEverywhere(() => {}, { after: 1 as unknown as () => void }), TypeError, "1");
  assertThrows(() => cancelEverywhere(() => {}, { maxSteps: -1 }), RangeError, "-1");
});
