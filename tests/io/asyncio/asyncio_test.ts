import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import {
  callAt,
  callLater,
  callSoon,
  createTask,
  gather,
  runInExecutor,
  runUntilComplete,
  time,
} from "../../../io/mod.ts";
import {
  Cancelled,
  sleep,
  StructureError,
  TaskCancelledError,
  TimeoutError,
  withTimeout,
  WorkerPool,
} from "../../../mod.ts";
import { unhandledDuring } from "../../support/errors.ts";
import { testOnFakeLoop, testOnFakeLoopWith } from "../../support/fake_loop.ts";

testOnFakeLoop("callSoon calls in the order of the calls, each in a turn of its own, after microtasks", async () => {
  const log: string[] = [];
  await runUntilComplete(async () => {
    callSoon(
      (...args: string[]) => {
        log.push(args.join());
        queueMicrotask(() => log.push("microtask"));
        callSoon(() => log.push("from a callback"));
      },
      "first",
      "with arguments",
    );
    callSoon(() => log.push("second"));
    callSoon(() => log.push("never")).cancel();
    log.push("not yet");
    await sleep(10);
  });
  assertEquals(log, ["not yet", "first,with arguments", "microtask", "second", "from a callback"]);
});

testOnFakeLoop("callLater and callAt go by time(), in ms, and can be taken back", async (host) => {
  const log: string[] = [];
  await runUntilComplete(async () => {
    const begin = time();
    callLater(20, (what: string) => log.push(`${what} ${time() - begin}`), "later");
    callAt(begin + 10, () => log.push(`at ${time() - begin}`));
    callAt(begin - 100, () => log.push(`past ${time() - begin}`));
    const handle = callLater(15, () => log.push("never"));
    assertEquals([handle.when - begin, handle.cancelled], [15, false]);
    handle.cancel();
    handle.cancel();
    assertEquals(handle.cancelled, true);
    await sleep(30);
  });
  assertEquals([log, host.timers], [["past 0", "at 10", "later 20"], 0]);
});

testOnFakeLoop("when main has ended, tasks are cancelled and awaited, and callbacks taken back", async (host) => {
  const log: string[] = [];
  const result = await runUntilComplete(async () => {
    createTask(async () => {
      try {
        await sleep(1000);
      } catch (error) {
        log.push(error instanceof Cancelled ? "cancelled" : String(error));
        throw error;
      } finally {
        log.push("cleaned up");
      }
    });
    callLater(5, () => log.push("never"));
    await sleep(1);
    return "result";
  });
  assertEquals([result, log, host.timers], ["result", ["cancelled", "cleaned up"], 0]);
  const bug = new Error("bug");
  assertStrictEquals(await assertRejects(() => runUntilComplete(() => Promise.reject(bug))), bug);
});

testOnFakeLoop("a task's failure is its own: thrown to who awaits it, or reported at the end", async () => {
  const [awaited, forgotten] = [new Error("awaited"), new Error("forgotten")];
  const seen = await unhandledDuring(() =>
    runUntilComplete(async () => {
      const task = createTask(() => Promise.reject(awaited), { name: "it" });
      createTask(() => Promise.reject(forgotten));
      assertEquals([task.name.startsWith("it"), task.done], [true, false]);
      await sleep(5);
      assertEquals([task.done, task.cancelled], [true, false]);
      assertStrictEquals(await assertRejects(async () => await task), awaited);
    })
  );
  assertEquals(seen, [forgotten]);
});

testOnFakeLoop("a task that is cancelled ends at its checkpoint, and who awaits it is told", async () => {
  await runUntilComplete(async () => {
    const task = createTask(() => sleep(1000));
    await sleep(1);
    task.cancel();
    await assertRejects(async () => await task, TaskCancelledError);
    assertEquals([task.done, task.cancelled], [true, true]);
  });
});

testOnFakeLoopWith(
  "async context",
  "gather gives results in order; the first failure is thrown and the others go on",
  async () => {
    const [first, second] = [new Error("first"), new Error("second")];
    const log: string[] = [];
    const seen = await unhandledDuring(() =>
      runUntilComplete(async () => {
        const slow = () => sleep(3).then(() => "slow");
        assertEquals(await gather([slow, createTask(() => "task"), Promise.resolve("promise")]), [
          "slow",
          "task",
          "promise",
        ]);
        assertEquals(await gather([]), []);
        const error = await assertRejects(() =>
          gather([
            () => sleep(1).then(() => Promise.reject(first)),
            () => sleep(2).then(() => Promise.reject(second)),
            () => sleep(3).then(() => void log.push("went on")),
          ])
        );
        assertStrictEquals(error, first);
        await sleep(5);
      })
    );
    assertEquals([log, seen], [["went on"], [second]]);
  },
);

testOnFakeLoop(
  "a failure that gather throws is that of runUntilComplete, and all there is, also while others still run",
  async () => {
    const bug = new Error("no cheese");
    let ended = false;
    const slow = async () => {
      try {
        await sleep(1e6);
      } finally {
        ended = true;
      }
    };
    const seen = await unhandledDuring(async () => {
      const run = runUntilComplete(() => gather([() => sleep(1).then(() => Promise.reject(bug)), slow]));
      assertStrictEquals(await assertRejects(() => run), bug);
    });
    assertEquals([ended, seen], [true, []]);
  },
);

testOnFakeLoop("gather gives failures as results where that is asked for", async () => {
  const bug = new Error("bug");
  await runUntilComplete(async () => {
    const cancelled = createTask(() => sleep(1000));
    callSoon(() => cancelled.cancel());
    const results = await gather<unknown>([() => 1, () => Promise.reject(bug), cancelled], { returnExceptions: true });
    assertEquals(results.slice(0, 2), [1, bug]);
    assertInstanceOf(results[2], TaskCancelledError);
  });
});

testOnFakeLoopWith("async context", "cancelling who gathers cancels what is gathered", async () => {
  for (const returnExceptions of [false, true]) {
    await runUntilComplete(async () => {
      const inner = createTask(() => sleep(1000));
      const outer = createTask(() => gather([inner, () => sleep(1000)], { returnExceptions }));
      await sleep(1);
      outer.cancel();
      await assertRejects(async () => await outer, TaskCancelledError);
      await assertRejects(async () => await inner, TaskCancelledError);
      assertEquals([inner.cancelled, time()], [true, time()]);
    });
  }
});

testOnFakeLoop("what a callback throws is reported once, and the loop goes on", async () => {
  const bug = new Error("bug");
  let after = false;
  const seen = await unhandledDuring(() =>
    runUntilComplete(async () => {
      callSoon(() => {
        throw bug;
      });
      callSoon(() => {
        createTask(() => void (after = true));
      });
      await sleep(1);
    })
  );
  assertEquals([seen, after], [[bug], true]);
});

test("runInExecutor runs a function of a pool's module on a thread", async () => {
  const module = new URL("../../scheduler/workers/tasks.ts", import.meta.url);
  const pool = new WorkerPool<typeof import("../../scheduler/workers/tasks.ts")>(module, { size: 1 });
  try {
    assertEquals(await runUntilComplete(() => runInExecutor(pool, "add", 1, 2)), 3);
  } finally {
    await pool.close();
  }
});

test("wrong arguments throw at the call, and so does a task outside of runUntilComplete", async () => {
  assertThrows(() => createTask(() => 1), StructureError);
  assertThrows(() => callSoon(1 as never), TypeError);
  assertThrows(() => callLater(-1, () => {}), RangeError);
  assertThrows(() => callLater(1, 1 as never), TypeError);
  assertThrows(() => callAt(Number.NaN, () => {}), RangeError);
  assertThrows(() => runUntilComplete(1 as never), TypeError);
  await assertRejects(() => gather(1 as never), TypeError);
  // Callbacks need no loop of asyncio's around them.
  let called = false;
  callSoon(() => called = true);
  await sleep(1);
  assert(called);
});

testOnFakeLoop("a cancelled gather waits for no promise of somebody else's", async () => {
  const endless = new Promise<never>(() => {});
  await runUntilComplete(async () => {
    await assertRejects(() => withTimeout(5, () => gather([endless, () => sleep(1000)])), TimeoutError);
  });
});
