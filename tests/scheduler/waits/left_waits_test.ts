/** Waits end with their scope, cancellations win over results, and checkpoints look at the clock. */

import { test } from "node:test";
import { assertEquals, assertInstanceOf } from "@std/assert";
import {
  Cancelled,
  Channel,
  checkpoint,
  group,
  Latch,
  moveOnAfter,
  Mutex,
  Semaphore,
  sleep,
  throwIfCancelled,
  TimeoutError,
  withTimeout,
} from "../../../mod.ts";
import { explore, simulate } from "../../../testing.ts";
import { errorOf } from "../../support/errors.ts";
import { spin } from "../../support/spin.ts";
import { strayRejections } from "../../support/stray.ts";

test("a permit does not go to a wait that an ended task has left behind", async () => {
  await simulate(async () => {
    for (const lock of [new Semaphore(1), new Mutex()]) {
      const permit = lock.tryAcquire()!;
      await group((g) => void g.spawn(() => Promise.race([lock.acquire(), sleep(5)])));
      permit.release();
      const next = await moveOnAfter(10, () => lock.acquire());
      assertEquals(next?.released, false);
      next!.release();
    }
  });
});

test("an item on its way to a wait of an ended task goes to the next receiver, or back", async () => {
  const { schedules } = await explore(async (sim) => {
    const channel = new Channel<number>(2);
    let got: unknown;
    const limit = sim.io("limit");
    await group((g) => {
      g.spawn(async () => got = await Promise.race([channel.receive(), limit]));
      g.spawn(() => sim.io("send").then(() => channel.send(1)));
    });
    await limit;
    // What the first one was given it has taken, or it is there: nothing is lost, and nothing comes twice.
    channel.trySend(2);
    const rest = [channel.tryReceive()?.value, channel.tryReceive()?.value].filter((value) => value !== undefined);
    assertEquals(rest, got === 1 ? [2] : [1, 2]);
  });
  assertEquals(schedules > 1, true);
});

test("the wait that is left behind rejects with a Cancelled, which is no unhandled rejection, and holds no timer", async () => {
  let left: Promise<unknown> | undefined;
  const stray = await strayRejections(async () => {
    await group((g) => {
      g.spawn(async () => {
        left = sleep(1e6);
        await checkpoint();
      });
    });
    const error = await errorOf(left!);
    assertInstanceOf(error, Cancelled);
    assertEquals(error.reason, "the scope in which this was waited for has ended");
  });
  assertEquals(stray, []);
});

test("a wait ends with the scope it was begun in, also if that is no task", async () => {
  await simulate(async () => {
    const latch = new Latch();
    let left: Promise<void> | undefined;
    await withTimeout(1000, () => void (left = latch.wait()));
    assertEquals(latch.statistics().waiting, 0);
    assertInstanceOf(await errorOf(left!), Cancelled);
  });
});

test("a cancellation that comes before the task has gone on wins over a permit, an item, an open latch and an ended task", async () => {
  const item = new Channel<string>(1);
  const takes: Record<string, () => { take: () => Promise<unknown>; isBack: () => boolean }> = {
    semaphore: () => {
      const semaphore = new Semaphore(1);
      return { take: () => semaphore.acquire(), isBack: () => semaphore.statistics().held === 0 };
    },
    mutex: () => {
      const mutex = new Mutex();
      return { take: () => mutex.acquire(), isBack: () => !mutex.locked };
    },
    channel: () => {
      item.trySend("value");
      return { take: () => item.receive(), isBack: () => item.tryReceive()?.value === "value" };
    },
    latch: () => {
      const latch = new Latch();
      latch.open();
      return { take: () => latch.wait(), isBack: () => true };
    },
  };
  for (const [name, make] of Object.entries(takes)) {
    const { take, isBack } = make();
    let seen: unknown = "nothing";
    await group((g) => {
      const task = g.spawn(async () => {
        const taken = take();
        task.cancel();
        seen = await taken.then(() => "went on", (error: Error) => error.name);
        await checkpoint();
      });
    });
    assertEquals([name, seen, isBack()], [name, "AbortError", true]);
  }
  await group(async (g) => {
    const ended = g.spawn(() => "result");
    await ended;
    const task = g.spawn(async () => {
      const wait = ended.then(() => "went on", (error: Error) => error.name);
      task.cancel();
      assertEquals(await wait, "AbortError");
    });
  });
});

test("checkpoints see that a deadline has passed, though the loop was too busy for its timer", async () => {
  const checks: Record<string, () => unknown> = {
    throwIfCancelled,
    checkpoint,
    acquire: () => new Semaphore(1).acquire(),
    receive: () => {
      const channel = new Channel<number>(1);
      channel.trySend(1);
      return channel.receive();
    },
  };
  for (const [name, check] of Object.entries(checks)) {
    const seen = await errorOf(withTimeout(10, async () => {
      spin(30);
      await check();
      return "went on";
    }));
    assertInstanceOf(seen, TimeoutError, name);
  }
});

test("a deadline outside of a shield is not looked at inside", async () => {
  const { shield } = await import("../../../mod.ts");
  const seen = await errorOf(withTimeout(10, () =>
    shield(() => {
      spin(30);
      throwIfCancelled();
      throw new RangeError("reached");
    })));
  assertInstanceOf(seen, RangeError);
});
