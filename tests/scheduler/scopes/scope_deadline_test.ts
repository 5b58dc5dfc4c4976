/** Deadlines and timeouts of scopes. */

import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import {
  Cancelled,
  CancelScope,
  checkpoint,
  effectiveDeadline,
  moveOnAfter,
  shield,
  sleep,
  TimeoutError,
  withTimeout,
} from "../../../mod.ts";
import { loop } from "../../../scheduler/queue/loop.ts";
import { onFakeLoop, testOnFakeLoop, testOnFakeLoopWith } from "../../support/fake_loop.ts";
import { testWith } from "../../support/needs.ts";

test("relative deadlines start when the scope is entered, not when it is made", async () => {
  await onFakeLoop(async () => {
    const scope = new CancelScope({ timeout: 1000 });
    await sleep(5000);
    assertEquals(scope.deadline, Infinity);
    await scope.run(async () => {
      assertEquals(scope.deadline, 6000);
      await sleep(999);
    });
    assert(!scope.cancelCalled, "the time ran before it was entered");
  });
});

testWith(
  "async context",
  "the effective deadline is the least of those around, moves with them, and is -Infinity once cancelled",
  async () => {
    await onFakeLoop(async () => {
      const outer = new CancelScope({ deadline: 1000 });
      const inner = new CancelScope({ deadline: 2000 });
      await outer.run(() =>
        inner.run(async () => {
          assertEquals(effectiveDeadline(), 1000);
          outer.deadline = 3000;
          assertEquals(effectiveDeadline(), 2000);
          inner.shield = true;
          outer.deadline = 100;
          assertEquals(effectiveDeadline(), 2000);
          await sleep(200);
          inner.shield = false;
          assertEquals(effectiveDeadline(), -Infinity);
        })
      );
    });
  },
);

test("a deadline in the past cancels at once, one that is moved away in time does not", async () => {
  await onFakeLoop(async () => {
    await sleep(10);
    const past = new CancelScope({ deadline: 5 });
    await past.run(() => sleep(1));
    assert(past.cancelCaught, "it was not cancelled");
    const moved = new CancelScope({ timeout: 100 });
    await moved.run(async () => {
      await sleep(50);
      moved.deadline = Infinity;
      await sleep(500);
    });
    assert(!moved.cancelCalled, "it was cancelled");
  });
});

testOnFakeLoop("zero, negative, NaN and infinite times", async () => {
  let checkpoints = 0;
  await assertRejects(() =>
    withTimeout(0, async () => {
      await checkpoint().finally(() => checkpoints++);
    }), TimeoutError);
  assertEquals(checkpoints, 1);
  assertEquals(await withTimeout(Infinity, () => "value"), "value");
  for (const ms of [-1, NaN, -Infinity]) {
    assertThrows(() => withTimeout(ms, () => {}), RangeError);
    assertThrows(() => moveOnAfter(ms, () => {}), RangeError);
    assertThrows(() => new CancelScope({ timeout: ms }), RangeError);
    assertThrows(() => shield(() => {}, { timeout: ms }), RangeError);
  }
  assertThrows(() => new CancelScope({ deadline: NaN }), RangeError);
  assertThrows(() => withTimeout(null as never, () => {}), TypeError, "null");
});

testOnFakeLoopWith(
  "async context",
  "a scope that was cancelled by hand is no timeout, as it is with Trio's fail_after, also when the deadline passes afterwards",
  async () => {
    const outer = new CancelScope();
    const error = await outer.run(() =>
      withTimeout(2, async () => {
        outer.cancel("by hand");
        await shield(() => sleep(5));
        await checkpoint();
      }).catch((error) => error)
    );
    assertInstanceOf(error, Cancelled);
    assertEquals(error.source, "cancel");
  },
);

testOnFakeLoop("an inner timeout is not mistaken for the outer one's", async () => {
  const result = await moveOnAfter(
    1e6,
    () => withTimeout(1, () => sleep(1e6)).catch((error) => error instanceof TimeoutError ? "inner" : "other"),
  );
  assertEquals(result, "inner");
  await assertRejects(() => moveOnAfter(1e6, () => withTimeout(1, () => sleep(1e6))), TimeoutError);
  assertEquals(await moveOnAfter(1, () => moveOnAfter(1e6, () => sleep(1e6).then(() => "late"))), undefined);
});

test("when both deadlines pass while the loop is blocked, the outer timeout is thrown, and the inner one is not", async () => {
  const caught: string[] = [];
  await onFakeLoop(async (host) => {
    const error = await withTimeout(20, () =>
      withTimeout(10, async () => {
        host.time += 100;
        await sleep(1);
      }).catch((error) => {
        caught.push((error as Error).name);
        throw error;
      })).catch((error) => error);
    assertInstanceOf(error, TimeoutError);
    assertEquals(error.timeout, 20);
  });
  assertEquals(caught.length, 1);
});

test("no timer is left when a scope ends: a thousand of them leave none", async () => {
  await onFakeLoop(async (host) => {
    for (let round = 0; round < 1000; round++) await withTimeout(1e6, () => checkpoint());
    assertEquals([loop().timers.size, host.timers], [0, 0]);
  });
});

test("a wall clock that jumps back lengthens no deadline", async () => {
  const { now } = Date;
  Date.now = () => now() - 3_600_000;
  try {
    assertEquals(await moveOnAfter(2, () => sleep(1e6)), undefined);
    await assertRejects(() => withTimeout(2, () => sleep(1e6)), TimeoutError);
  } finally {
    Date.now = now;
  }
});

test("a delay beyond what a timer of the host can hold is waited for", async () => {
  await onFakeLoop(async (host) => {
    await sleep(2 ** 31 + 5000);
    assertEquals(host.time, 2 ** 31 + 5000);
  });
});
