import { test } from "node:test";
import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { CancelScope, checkpoint, group, interruptible, moveOnAfter } from "../../../mod.ts";
import { unhandledDuring } from "../../support/errors.ts";
import { latch } from "../../support/latch.ts";
import { strayRejections } from "../../support/stray.ts";
import { turns } from "../../support/turns.ts";

test("a promise that lives long gets one reaction, however often it is waited for, and keeps nothing of the waits", async () => {
  let reactions = 0;
  const forever = new Promise<void>(() => {});
  const counted = Object.assign(forever, {
    then(...callbacks: Parameters<Promise<void>["then"]>) {
      reactions++;
      return Promise.prototype.then.apply(forever, callbacks as never);
    },
  });
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

test("an error that was on its way to the only one who waits when that one was cancelled goes to onUnhandled", async () => {
  const error = new Error("on its way");
  for (const [waits, expected] of [[1, [error]], [2, []]] as const) {
    const failing = latch();
    const errors = await unhandledDuring(async () => {
      await group(async (g) => {
        const cancelled = g.spawn(() => interruptible(failing.promise));
        if (waits === 2) g.spawn(() => interruptible(failing.promise).catch(() => {}));
        await checkpoint();
        void failing.promise.catch(() => cancelled.cancel());
        failing.fail(error);
      });
      await turns(3);
    });
    assertEquals(errors, [...expected]);
  }
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
