import { AsyncLocalStorage } from "node:async_hooks";
import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import {
  Cancelled,
  checkpoint,
  currentTask,
  group,
  shield,
  sleep,
  StructureError,
  suppressed,
  type Task,
  TaskCancelledError,
  TaskGroup,
  TimeoutError,
} from "../../../mod.ts";
import { testOnFakeLoop, testOnFakeLoopWith } from "../../support/fake_loop.ts";
import { latch } from "../../support/latch.ts";
import { strayRejections } from "../../support/stray.ts";
import { testWith } from "../../support/needs.ts";

testOnFakeLoop("a group resolves to what its body returns, after all tasks have ended", async () => {
  const log: string[] = [];
  const value = await group((g) => {
    g.spawn(async () => {
      await sleep(2);
      log.push("slow");
    });
    g.spawn(() => log.push("fast"));
    return 42;
  });
  assertEquals(value, 42);
  assertEquals(log, ["fast", "slow"]);
});

test("the body runs at once, a task in a turn of its own", async () => {
  const log: string[] = [];
  const done = group((g) => {
    g.spawn(() => log.push("task"));
    log.push("body");
  });
  log.push("caller");
  await done;
  assertEquals(log, ["body", "caller", "task"]);
});

testOnFakeLoop(
  "the first failure is the group's, by identity; it cancels and awaits the rest, and later ones are suppressed",
  async () => {
    const first = new Error("first");
    const later = new Error("in cleanup");
    const log: unknown[] = [];
    const error = await assertRejects(() =>
      group((g) => {
        g.spawn(async () => {
          try {
            await sleep(1e6);
          } catch (cancelled) {
            assertInstanceOf(cancelled, Cancelled);
            log.push(cancelled.source, cancelled.task?.name.split("#")[0], cancelled.reason);
            await shield(() => sleep(1));
            throw later;
          }
        });
        g.spawn(async () => {
          await checkpoint();
          throw first;
        }, { name: "culprit" });
      })
    );
    assertStrictEquals(error, first);
    assertEquals(suppressed(error), [later]);
    assertEquals(log, ["sibling", "culprit", first]);
  },
);

testOnFakeLoop("a body that throws cancels the tasks and waits for them", async () => {
  let ended = false;
  const error = await assertRejects(() =>
    group(async (g) => {
      g.spawn(async () => {
        try {
          await sleep(1e6);
        } finally {
          ended = true;
        }
      });
      await checkpoint();
      throw new RangeError("body");
    })
  );
  assertInstanceOf(error, RangeError);
  assert(ended, "the task has not ended");
});

testOnFakeLoop("cancelling a group ends it without an error, also from inside", async () => {
  let after = false;
  await group(async (g) => {
    g.spawn(() => sleep(1e6));
    g.cancel("enough");
    await checkpoint();
    after = true;
  });
  assert(!after, "the body went on past a checkpoint");
});

testOnFakeLoopWith(
  "async context",
  "cancellation is level-triggered: swallowed, it is thrown again at the next checkpoint",
  async () => {
    let times = 0;
    await group(async (g) => {
      g.cancel();
      for (let round = 0; round < 3; round++) await checkpoint().catch(() => times++);
    });
    assertEquals(times, 3);
  },
);

testOnFakeLoop("a cancellation from around a group passes through it when its tasks have ended", async () => {
  const log: string[] = [];
  const started = latch();
  await group(async (outer) => {
    outer.spawn(async () => {
      try {
        await group((inner) => {
          inner.spawn(async () => {
            started.open();
            try {
              await sleep(1e6);
            } finally {
              log.push("inner task");
            }
          });
        });
        log.push("not reached");
      } catch (error) {
        log.push(String((error as Cancelled).name));
        throw error;
      }
    });
    await started.promise;
    outer.cancel();
  });
  assertEquals(log, ["inner task", "AbortError"]);
});

testOnFakeLoop("cancelling one task lets its siblings go on; awaiting it throws TaskCancelledError", async () => {
  const values = await group(async (g) => {
    const stuck = g.spawn(() => sleep(1e6));
    const other = g.spawn(() => sleep(1).then(() => "other"));
    await checkpoint();
    stuck.cancel("bored");
    const error = await assertRejects(async () => await stuck, TaskCancelledError);
    assert(!(error instanceof Cancelled), "it is the awaiter's own");
    assertEquals((error.cause as Cancelled).reason, "bored");
    return [await other, stuck.state];
  });
  assertEquals(values, ["other", "cancelled"]);
});

testOnFakeLoopWith("async context", "await task is a checkpoint of the awaiter", async () => {
  let source = "";
  await group(async (g) => {
    const slow = g.spawn(() => sleep(5));
    const awaiter = g.spawn(async () => {
      try {
        await slow;
      } catch (error) {
        source = error instanceof Cancelled ? error.source : String(error);
        throw error;
      }
    });
    await checkpoint();
    awaiter.cancel();
  });
  assertEquals(source, "cancel");
});

testOnFakeLoop("a task gives the same outcome to each who awaits it, late and twice", async () => {
  await group(async (g) => {
    const task = g.spawn(() => Promise.resolve({ answer: 42 }));
    const [one, two] = await Promise.all([task, task]);
    await sleep(1);
    assertStrictEquals(one, two);
    assertStrictEquals(await task, one);
    assertStrictEquals(await task.result, one);
  });
});

testOnFakeLoop("a task that was cancelled before its first turn never starts", async () => {
  let started = false;
  await group(async (g) => {
    const task = g.spawn(() => {
      started = true;
    });
    task.cancel();
    assertEquals(task.state, "cancelled");
    await checkpoint();
    g.cancel();
    assertEquals(g.spawn(() => (started = true)).state, "cancelled");
  });
  assert(!started, "it started");
});

testOnFakeLoop(
  "a task that ends before any checkpoint saw its cancellation keeps its result; one that swallowed it does not",
  async () => {
    await group(async (g) => {
      const unaware: Task<number> = g.spawn((task) => {
        task.cancel();
        return 1;
      });
      const swallowing: Task<number> = g.spawn(async (task) => {
        task.cancel();
        await checkpoint().catch(() => {});
        return 2;
      });
      assertEquals(await unaware, 1);
      await assertRejects(async () => await swallowing, TaskCancelledError);
    });
  },
);

testOnFakeLoop("a limit counts what runs: the next task starts only when one has ended, cleanup included", async () => {
  let running = 0;
  let most = 0;
  await group((g) => {
    for (let index = 0; index < 12; index++) {
      g.spawn(async () => {
        most = Math.max(most, ++running);
        try {
          await sleep(index % 3);
        } finally {
          await checkpoint();
          running--;
        }
      });
    }
    assertEquals(g.statistics().queued, 9);
  }, { limit: 3 });
  assertEquals([most, running], [3, 0]);
});

test("a group whose last task ends before a daemon of it has started ends without starting it", async () => {
  let started = false;
  const stray = await strayRejections(() =>
    group((g) => {
      g.spawn(() => checkpoint());
      g.spawn(() => started = true, { daemon: true, priority: "background" });
    })
  );
  assertEquals([started, stray], [false, []]);
});

testOnFakeLoop("a daemon does not keep its group open, and is cancelled at its end", async () => {
  let ended = false;
  await group((g) => {
    g.spawn(() => sleep(1));
    g.spawn(async () => {
      try {
        await sleep(1e6);
      } finally {
        ended = true;
      }
    }, { daemon: true });
  });
  assert(ended, "the daemon has not ended");
});

testOnFakeLoop(
  "waits that the body has left behind keep no daemon from its cancellation, and hide no failure",
  async () => {
    const bug = new Error("bug");
    for (const failure of [undefined, bug]) {
      const ended: string[] = [];
      const running = group(async (g) => {
        g.spawn(async () => {
          try {
            await sleep(1e6);
          } finally {
            ended.push("daemon");
          }
        }, { daemon: true });
        await Promise.race([sleep(1), sleep(1e6), checkpoint({ signal: new AbortController().signal })]);
        if (failure !== undefined) throw failure;
        return "value";
      });
      if (failure === undefined) assertEquals(await running, "value");
      else assertStrictEquals(await assertRejects(() => running), failure);
      assertEquals(ended, ["daemon"]);
    }
  },
);

testOnFakeLoop(
  "deferred functions run last in, first out, after the tasks, shielded, with the outcome; their errors are failures",
  async () => {
    const log: unknown[] = [];
    const broken = new Error("cleanup");
    const error = await assertRejects(() =>
      group((g) => {
        g.defer(({ status }) => void log.push(status));
        g.defer(async () => {
          await sleep(1);
          log.push("slept");
          throw broken;
        });
        g.spawn(() => sleep(1e6).finally(() => log.push("task")));
        g.cancel();
      })
    );
    assertStrictEquals(error, broken);
    assertEquals(log, ["slept", "cancelled"]);
  },
);

testOnFakeLoop(
  "a group with a timeout rejects with TimeoutError, one with a signal with the signal's reason itself",
  async () => {
    await assertRejects(() => group(() => sleep(1e6), { timeout: 1 }), TimeoutError, "1 ms");
    const controller = new AbortController();
    const caught = group(() => sleep(1e6), { signal: controller.signal }).catch((reason) => reason);
    controller.abort(null);
    assertStrictEquals(await caught, null);
    let ran = false;
    await group(() => (ran = true), { signal: controller.signal }).catch(() => {});
    assert(!ran, "the body ran although the signal was aborted");
  },
);

testOnFakeLoop("a closed group takes no tasks, and wrong arguments are refused at the call", async () => {
  let closed!: TaskGroup;
  await group((g) => void (closed = g));
  assertThrows(() => closed.spawn(() => {}), StructureError, "has ended");
  assertThrows(() => group(1 as never), TypeError, "received 1");
  assertThrows(() => group(() => {}, { limit: 0 }), RangeError, "received 0");
  assertThrows(() => group(() => {}, { timeout: NaN }), RangeError, "NaN");
  assertThrows(() => group(() => {}, { priority: "high" as never }), TypeError, "high");
});

testOnFakeLoop(
  "a group left open inside a task is cancelled and closed first, then StructureError is thrown",
  async () => {
    let closed = false;
    await assertRejects(
      () =>
        group((g) => {
          g.spawn(() => {
            void group(async () => {
              try {
                await sleep(1e6);
              } finally {
                closed = true;
              }
            });
          });
        }),
      StructureError,
      "left open",
    );
    assert(closed, "the inner group has not closed");
  },
);

testOnFakeLoop(
  "leaving a disposable group without join cancels and awaits its tasks, then throws StructureError",
  async () => {
    const g = new TaskGroup();
    let ended = false;
    g.spawn(() => sleep(1e6).finally(() => ended = true));
    await checkpoint();
    await assertRejects(() => g[Symbol.asyncDispose](), StructureError, "without join");
    assert(ended, "the task has not ended");
    const quiet = new TaskGroup();
    quiet.spawn(() => sleep(1));
    await quiet.join();
    await quiet[Symbol.asyncDispose]();
  },
);

testOnFakeLoopWith(
  "async context",
  "a task sees the async context of whoever spawned it, also when a limit delays it",
  async () => {
    const storage = new AsyncLocalStorage<number>();
    const seen: (number | undefined)[] = [];
    await group((g) => {
      for (let index = 0; index < 6; index++) {
        storage.run(index, () => {
          g.spawn(async () => {
            await sleep(1);
            seen[index] = storage.getStore();
          });
        });
      }
    }, { limit: 2 });
    assertEquals(seen, [0, 1, 2, 3, 4, 5]);
  },
);

testWith(
  "async context",
  "the current task is known across await and in groups inside it, and not outside or after it",
  async () => {
    assertEquals(currentTask(), undefined);
    const late = latch();
    let after: unknown = "unset";
    await group((g) => {
      g.spawn(async (task) => {
        await sleep(1);
        assertStrictEquals(currentTask(), task);
        await group(async () => {
          await checkpoint();
          assertStrictEquals(currentTask(), task);
        });
        setTimeout(() => {
          after = currentTask();
          late.open();
        }, 5);
      });
    });
    await late.promise;
    assertEquals(after, undefined);
  },
);

test("a failure that nobody awaits reaches the group and causes no unhandled rejection", async () => {
  const stray = await strayRejections(() =>
    assertRejects(
      () =>
        group((g) => {
          const task = g.spawn(() => Promise.reject(new Error("alone")));
          void task.result;
        }),
      Error,
      "alone",
    )
  );
  assertEquals(stray, []);
});

test("100,000 tasks are cancelled without blocking the loop, and leave nothing in the group", async () => {
  let ticks = 0;
  await group(async (g) => {
    for (let index = 0; index < 100_000; index++) g.spawn(() => sleep(1e6));
    const last = g.spawn(() => checkpoint());
    await last;
    const ticking = setInterval(() => ticks++, 0);
    g.defer(() => {
      clearInterval(ticking);
      assertEquals(g.size, 0);
    });
    g.cancel();
  });
  assert(ticks > 0, "no timer of the host got a turn while the tasks ended");
});
