import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { CancelScope, checkpoint, group, interruptible, moveOnAfter, sleep } from "../../../mod.ts";
import { explore } from "../../../testing.ts";
import { unhandledDuring } from "../../support/errors.ts";
import { latch } from "../../support/latch.ts";
import { strayRejections } from "../../support/stray.ts";
import { turns } from "../../support/turns.ts";

test("a promise that lives long gets one reaction, however often it is waited for, and keeps nothing of the waits", async () => {
  let reactions = 0;
  const counted = { then: () => void reactions++ } as unknown as PromiseLike<void>;
  for (let round = 0; round < 1000; round++) {
    const scope = new CancelScope();
    const done = scope.run(() => interruptible(counted));
    scope.cancel();
    await done;
  }
  assertEquals(reactions, 1);
});

test("all who wait for a promise get its value, or its error by identity", async () => {
  const value = latch<object>();
  const object = {};
  const waits = [1, 2, 3].map(() => interruptible(value.promise));
  value.open(object);
  for (const got of await Promise.all(waits)) assertStrictEquals(got, object);
  const failing = latch();
  const error = new Error("foreign");
  const failures = [1, 2].map(() => interruptible(failing.promise).catch((error) => error));
  failing.fail(error);
  for (const got of await Promise.all(failures)) assertStrictEquals(got, error);
});

test("an error that comes after all who waited have been cancelled goes to onUnhandled, and is no unhandled rejection", async () => {
  const failing = latch();
  const error = new Error("too late");
  const stray = await strayRejections(async () => {
    assertEquals(
      await unhandledDuring(async () => {
        await group(async (g) => {
          g.spawn(() => interruptible(failing.promise));
          await checkpoint();
          g.cancel();
        });
        failing.fail(error);
        await turns(3);
      }),
      [error],
    );
  });
  assertEquals(stray, []);
});

test("an error that is on its way to a task when that is cancelled is thrown all the same: a cancellation beats a result, never an error", async () => {
  const error = new Error("on its way");
  const failing = latch();
  const unhandled = await unhandledDuring(async () => {
    const work = group(async (g) => {
      const cancelled = g.spawn(() => interruptible(failing.promise));
      await checkpoint();
      void failing.promise.catch(() => cancelled.cancel());
      failing.fail(error);
    });
    assertStrictEquals(await work.catch((reason) => reason), error);
    await turns(3);
  });
  assertEquals(unhandled, []);
});

test("of two tasks that wait for a third with interruptible, the cancellation of the first leaves the second its value", async () => {
  const order = await explore(async () => {
    const got: unknown[] = [];
    await group((g) => {
      const shared = g.spawn(() => sleep(2).then(() => "value"));
      const first = g.spawn(() => interruptible(shared));
      g.spawn(async () => void got.push(await interruptible(shared)));
      g.spawn(() => sleep(1).then(() => first.cancel()));
    });
    assertEquals(got, ["value"]);
  });
  assert(order.schedules > 0);
});

test("an operation that was aborted with the wait is nothing to be told of", async () => {
  const errors = await unhandledDuring(async () => {
    await moveOnAfter(1, () => {
      const controller = new AbortController();
      const foreign = new Promise((_, reject) =>
        controller.signal.addEventListener("abort", () => reject(controller.signal.reason))
      );
      return interruptible(foreign).finally(() => controller.abort());
    });
    await turns(3);
  });
  assertEquals(errors, []);
});

test("a thenable that calls back twice, or throws, settles the wait once", async () => {
  const twice = {
    then(resolve: (value: number) => void) {
      resolve(1);
      resolve(2);
    },
  } as PromiseLike<number>;
  assertEquals(await interruptible(twice), 1);
  const throwing = {
    then() {
      throw new RangeError("broken");
    },
  } as unknown as PromiseLike<number>;
  await assertRejects(() => interruptible(throwing), RangeError, "broken");
});

test("in a cancelled scope a promise that is settled already is not even looked at: the cancellation wins", async () => {
  const scope = new CancelScope();
  const result = await scope.run(() => {
    scope.cancel();
    return interruptible(Promise.resolve("value"));
  });
  assertEquals([result, scope.cancelCaught], [undefined, true]);
});
