/** How groups end: exit, failure and cleanup. */

import fc from "fast-check";
import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import {
  Cancelled,
  CancelScope,
  checkpoint,
  configure,
  group,
  moveOnAfter,
  shield,
  sleep,
  StructureError,
  suppressed,
  TaskCancelledError,
  TaskGroup,
  TimeoutError,
} from "../../mod.ts";
import { testOnFakeLoop } from "../support/fake_loop.ts";
import { loop } from "../../scheduler/loop.ts";
import { latch } from "../support/latch.ts";
import { strayRejections } from "../support/stray.ts";

/** Waits until cancelled, then fails with `error`. */
async function failsWhenCancelled(error: unknown): Promise<void> {
  try {
    await sleep(1e6);
  } catch {
    throw error;
  }
}

testOnFakeLoop(
  "when the body and a task fail, the group rejects with the first, and the other is suppressed",
  async () => {
    const ofBody = new Error("body");
    const ofTask = new Error("task");
    const error = await assertRejects(() =>
      group(async (g) => {
        g.spawn(() => failsWhenCancelled(ofTask));
        await checkpoint();
        throw ofBody;
      })
    );
    assertStrictEquals(error, ofBody);
    assertEquals(suppressed(error), [ofTask]);
  },
);

test("all failures of tasks are kept, in the order in which they happened, primitives too", async () => {
  const failures = [new Error("one"), "two", undefined, null, new Error("five")];
  let seen: readonly unknown[] = [];
  const error = await assertRejects(() =>
    group((g) => {
      g.defer(() => void (seen = g.failures));
      for (const failure of failures) g.spawn(() => failsWhenCancelled(failure));
      g.spawn(() => Promise.reject(failures[0]));
    })
  );
  assertStrictEquals(error, failures[0]);
  assertEquals(seen, [failures[0], ...failures]);
  assertEquals(suppressed(error), failures.slice(1));
});

test("a failure is the group's own, however many tasks failed: the shape does not depend on load", async () => {
  for (const count of [1, 2, 50]) {
    const error = await assertRejects(
      () =>
        group((g) => {
          for (let index = 0; index < count; index++) g.spawn(() => Promise.reject(new RangeError(String(index))));
        }),
      RangeError,
    );
    assertEquals(error.message, "0");
  }
});

test("a failure that is a primitive, even undefined, rejects the group with it", async () => {
  for (const failure of [undefined, null, 0, "text"]) {
    const caught = await group((g) => void g.spawn(() => Promise.reject(failure))).then(
      () => "resolved",
      (error) => ({ error }),
    );
    assertEquals(caught, { error: failure });
  }
});

testOnFakeLoop("the cancellations that a failing sibling causes are not reported", async () => {
  const failure = new Error("cause");
  const error = await assertRejects(() =>
    group((g) => {
      for (let index = 0; index < 5; index++) g.spawn(() => sleep(1e6));
      g.spawn(() => group((inner) => void inner.spawn(() => sleep(1e6))));
      g.spawn(() => Promise.reject(failure));
    })
  );
  assertStrictEquals(error, failure);
  assertEquals(suppressed(error), []);
});

testOnFakeLoop(
  "an inner group that was cancelled from outside keeps the outer cancellation, and only the outer scope absorbs it",
  async () => {
    const outer = new CancelScope();
    let inner: unknown;
    await outer.run(async () => {
      await group(async (g) => {
        g.spawn(() => sleep(1e6));
        g.cancel("inner");
        outer.cancel("outer");
        await sleep(1e6);
      }).catch((error) => {
        inner = error;
        throw error;
      });
    });
    assertEquals([(inner as Cancelled).reason, outer.cancelCaught], ["outer", true]);
  },
);

test("a failure goes through nested groups as itself, and each adds what came later", async () => {
  const first = new Error("first");
  const inner = new Error("inner cleanup");
  const outer = new Error("outer cleanup");
  const error = await assertRejects(() =>
    group((g) => {
      g.spawn(() => failsWhenCancelled(outer));
      g.spawn(() =>
        group((nested) => {
          nested.spawn(() => failsWhenCancelled(inner));
          nested.spawn(() => Promise.reject(first));
        })
      );
    })
  );
  assertStrictEquals(error, first);
  assertEquals(suppressed(error), [inner, outer]);
});

testOnFakeLoop(
  "what an inner group's failure suppressed is not lost when an outer group had failed before",
  async () => {
    const [first, second, third] = [new Error("outer"), new Error("inner"), new Error("inner cleanup")];
    const error = await assertRejects(() =>
      group((g) => {
        g.spawn(() =>
          group((nested) => {
            nested.spawn(() => failsWhenCancelled(second));
            nested.spawn(() => failsWhenCancelled(third));
          })
        );
        g.spawn(() => sleep(1).then(() => Promise.reject(first)));
      })
    );
    assertEquals([error, ...suppressed(error)], [first, second, third]);
  },
);

test("a body that throws something else while it is being cancelled has both errors reported", async () => {
  const first = new Error("task");
  const second = new Error("finally");
  const error = await assertRejects(() =>
    group(async (g) => {
      g.spawn(() => Promise.reject(first));
      await failsWhenCancelled(second);
    })
  );
  assertStrictEquals(error, first);
  assertEquals(suppressed(error), [second]);
});

testOnFakeLoop(
  "a cancel that reaches a group waiting at its exit cancels the tasks and keeps waiting",
  async () => {
    const log: string[] = [];
    const scope = new CancelScope();
    const started = latch();
    const done = scope.run(() =>
      group((g) => {
        g.spawn(async () => {
          started.open();
          try {
            await sleep(1e6);
          } finally {
            await shield(() => sleep(1));
            log.push("cleaned up");
          }
        });
      })
    );
    await started.promise;
    scope.cancel();
    await done;
    assertEquals([log, scope.cancelCaught], [["cleaned up"], true]);
  },
);

testOnFakeLoop(
  "cancel is idempotent and allowed from a task, from outside, twice and after the end",
  async () => {
    let outside!: TaskGroup;
    await group(async (g) => {
      outside = g;
      g.spawn(() => {
        g.cancel("one");
        g.cancel("two");
      });
      const error = await sleep(1e6).catch((error) => error);
      assertEquals((error as Cancelled).reason, "one");
    });
    outside.cancel("after");
    assert(outside.closed, "it is not closed");
  },
);

testOnFakeLoop("a group that fails after its body has ended normally still rejects", async () => {
  await assertRejects(
    () => group((g) => void g.spawn(() => sleep(1).then(() => Promise.reject(new Error("late"))))),
    Error,
    "late",
  );
});

testOnFakeLoop("a task may be spawned while the group waits at its exit, and is waited for", async () => {
  const log: string[] = [];
  await group((g) => {
    g.spawn(async () => {
      await sleep(1);
      g.spawn(() => sleep(1).then(() => log.push("grandchild")));
    });
  });
  assertEquals(log, ["grandchild"]);
});

test("joining from a task of the group is refused: it would wait for itself", async () => {
  await group(async (g) => {
    await g.spawn(() => assertThrows(() => g.join(), StructureError, "from within"));
    await g.spawn(() => group(() => assertThrows(() => g.join(), StructureError, "from within")));
  });
  const g = new TaskGroup();
  g.defer(() => void assertThrows(() => g.join(), StructureError, "from within"));
  await g.join();
});

testOnFakeLoop(
  "join in the body of group() waits for the tasks there are, daemons not counted, and the group stays open",
  async () => {
    const log: string[] = [];
    await group(async (g) => {
      g.spawn(() => sleep(1e6), { daemon: true });
      g.spawn(() => sleep(2).then(() => log.push("one")));
      await g.join();
      log.push("joined");
      g.spawn(() => sleep(1).then(() => log.push("two")));
      await g.join();
      await g.join();
      log.push("joined again");
    });
    assertEquals(log, ["one", "joined", "two", "joined again"]);
  },
);

testOnFakeLoop(
  "join in the body sees a failing task as a cancellation, and the group rejects with the failure",
  async () => {
    const failure = new Error("task");
    let seen: unknown;
    const error = await assertRejects(() =>
      group(async (g) => {
        g.spawn(() => sleep(1).then(() => Promise.reject(failure)));
        await g.join().catch((error) => {
          seen = error;
          throw error;
        });
      })
    );
    assertStrictEquals(error, failure);
    assertInstanceOf(seen, Cancelled);
  },
);

testOnFakeLoop(
  "joining a group made with new twice gives the same promise, and its failure is thrown once by the disposal",
  async () => {
    const g = new TaskGroup();
    g.spawn(() => Promise.reject(new Error("task")));
    const joined = g.join();
    assertStrictEquals(g.join(), joined);
    await assertRejects(() => joined, Error, "task");
    await g[Symbol.asyncDispose]();
    const unjoined = new TaskGroup();
    unjoined.spawn(() => Promise.reject(new Error("unseen")));
    await sleep(2);
    await assertRejects(() => unjoined[Symbol.asyncDispose](), Error, "unseen");
  },
);

testOnFakeLoop("leaving without join keeps what the tasks failed with as the cause", async () => {
  const failure = new Error("in cleanup");
  const g = new TaskGroup();
  g.spawn(() => failsWhenCancelled(failure));
  await checkpoint();
  const error = await assertRejects(() => g[Symbol.asyncDispose](), StructureError);
  assertStrictEquals(error.cause, failure);
  await g[Symbol.asyncDispose]();
});

testOnFakeLoop("a group that lives long keeps nothing of the tasks that have ended", async () => {
  await group(async (g) => {
    for (let round = 0; round < 50; round++) {
      for (let index = 0; index < 200; index++) g.spawn(() => checkpoint());
      await g.join();
    }
    assertEquals([g.size, g.statistics().spawned, g.statistics().running, loop().queue.size], [0, 10_000, 0, 0]);
  });
});

testOnFakeLoop("awaiting a task that the group itself cancelled is no failure of that group", async () => {
  const log: string[] = [];
  await group(async (g) => {
    const stuck = g.spawn(() => sleep(1e6));
    g.spawn(() =>
      shield(async () => {
        const error = await stuck.then(() => "no error", (error) => error);
        log.push((error as Error).name);
        throw error;
      })
    );
    await sleep(1);
    g.cancel();
  });
  assertEquals(log, ["TaskCancelledError"]);
});

testOnFakeLoop("awaiting a task that somebody cancelled by hand, and not catching it, is a failure", async () => {
  await assertRejects(() =>
    group(async (g) => {
      const stuck = g.spawn(() => sleep(1e6));
      stuck.cancel();
      await stuck;
    }), TaskCancelledError);
});

test("a failing task that is awaited and caught still fails its group; attempt does not", async () => {
  const failure = new Error("task");
  const error = await assertRejects(() =>
    group(async (g) => {
      await g.spawn(() => Promise.reject(failure)).then(() => {}, () => {});
    })
  );
  assertStrictEquals(error, failure);
  const results = await group(async (g) => {
    const bad = await g.attempt(() => Promise.reject(failure));
    const good = await g.attempt(() => 1);
    return [bad, good];
  });
  assertEquals(results, [{ status: "rejected", reason: failure }, { status: "fulfilled", value: 1 }]);
});

testOnFakeLoop("an attempt that is cancelled is cancelled, and no result", async () => {
  await group(async (g) => {
    const attempt = g.attempt(() => sleep(1e6));
    await checkpoint();
    attempt.cancel();
    await assertRejects(async () => await attempt, TaskCancelledError);
    assertEquals(attempt.state, "cancelled");
  });
});

testOnFakeLoop(
  "cancel and await resolves only after the task's own children and cleanup have ended",
  async () => {
    const log: string[] = [];
    await group(async (g) => {
      const started = latch();
      const task = g.spawn(() =>
        group((inner) => {
          inner.defer(async () => {
            await sleep(1);
            log.push("deferred");
          });
          inner.spawn(async () => {
            started.open();
            await sleep(1e6).finally(() => log.push("child"));
          });
        })
      );
      await started.promise;
      task.cancel();
      await task.then(() => {}, () => {});
      log.push("awaited");
    });
    assertEquals(log, ["child", "deferred", "awaited"]);
  },
);

testOnFakeLoop(
  "deferred functions run exactly once, last in first out; one that throws, even at once, stops no other, and no error of theirs is lost, as the first is with Effection",
  async () => {
    const log: number[] = [];
    const failures = [new Error("at once"), new Error("later"), new Error("body")];
    const error = await assertRejects(() =>
      group((g) => {
        g.defer(() => void log.push(1));
        g.defer(() => {
          log.push(2);
          throw failures[0];
        });
        g.defer(async () => {
          await sleep(1);
          log.push(3);
          throw failures[1];
        });
        throw failures[2];
      })
    );
    assertStrictEquals(error, failures[2]);
    assertEquals(suppressed(error), [failures[1], failures[0]]);
    assertEquals(log, [3, 2, 1]);
  },
);

testOnFakeLoop(
  "an empty group ends in the turn of its caller, and is never itself the source of a cancellation",
  async () => {
    const { entriesRun } = loop().queue;
    assertEquals(await group(() => 1), 1);
    assertEquals(loop().queue.entriesRun, entriesRun);
    const scope = new CancelScope();
    const log: unknown[] = [];
    await scope.run(async () => {
      scope.cancel();
      log.push(await group(() => 2));
      await checkpoint();
      log.push("not reached");
    });
    assertEquals(log, [2]);
  },
);

testOnFakeLoop(
  "a cancel during a cleanup that runs waits for that cleanup, and does not report the body's error twice",
  async () => {
    const log: string[] = [];
    const failure = new Error("body");
    let inCleanup!: TaskGroup;
    const started = latch();
    const ended = group((g) => {
      inCleanup = g;
      g.defer(async () => {
        started.open();
        await sleep(10);
        log.push("cleaned up");
      });
      throw failure;
    }).catch((error) => error);
    await started.promise;
    inCleanup.cancel("again");
    assertStrictEquals(await ended, failure);
    assertEquals([log, suppressed(failure)], [["cleaned up"], []]);
  },
);

testOnFakeLoop(
  "after a cancelled step whose cleanup was asynchronous nothing past the next checkpoint runs",
  async () => {
    const log: string[] = [];
    await group(async (g) => {
      const running = latch();
      g.spawn(async () => {
        running.open();
        try {
          await sleep(1e6);
        } catch {
          await shield(() => sleep(5));
          log.push("cleaned up");
        }
        await checkpoint();
        log.push("not reached");
      });
      await running.promise;
      g.cancel();
    });
    assertEquals(log, ["cleaned up"]);
  },
);

testOnFakeLoop("a deferred function sees how the group ended", async () => {
  const seen: unknown[] = [];
  const failure = new Error("failed");
  await group((g) => {
    g.defer((outcome) => void seen.push(outcome));
    return 7;
  });
  await group((g) => {
    g.defer((outcome) => void seen.push(outcome));
    throw failure;
  }).catch(() => {});
  await group((g) => {
    g.defer((outcome) => void seen.push(outcome.status, (outcome as { reason: Cancelled }).reason.reason));
    g.cancel("why");
    return checkpoint();
  });
  assertEquals(seen, [
    { status: "fulfilled", value: 7 },
    { status: "rejected", reason: failure },
    "cancelled",
    "why",
  ]);
});

testOnFakeLoop(
  "a deferred function that is registered by another one runs too; in a closed group it runs at once",
  async () => {
    const log: string[] = [];
    let closed!: TaskGroup;
    await group((g) => {
      closed = g;
      g.defer(() => {
        log.push("first");
        g.defer(() => void log.push("from it"));
      });
    });
    closed.defer(() => void log.push("at once"));
    assertEquals(log, ["first", "from it", "at once"]);
    const unhandled: unknown[] = [];
    configure({ onUnhandled: (error) => unhandled.push(error) });
    closed.defer(() => Promise.reject("lost"));
    await sleep(1);
    configure({ onUnhandled: undefined });
    assertEquals(unhandled, ["lost"]);
  },
);

testOnFakeLoop("a group left open in a deferred function is closed, and said to be a failure", async () => {
  let closed = false;
  await assertRejects(
    () =>
      group((g) =>
        g.defer(() => {
          void group(() => sleep(1e6).finally(() => closed = true));
        })
      ),
    StructureError,
    "left open",
  );
  assert(closed, "it has not closed");
});

testOnFakeLoop(
  "a timeout that passes only while the deferred functions run is none: the work was done in time",
  async () => {
    const value = await group((g) => {
      g.defer(() => sleep(5));
      return "in time";
    }, { timeout: 2 });
    assertEquals(value, "in time");
  },
);

testOnFakeLoop("a group's timeout reaches its tasks as a deadline, and wins over a later cancel", async () => {
  let source: unknown;
  await assertRejects(
    () =>
      group((g) => {
        g.spawn(() =>
          sleep(1e6).catch((error) => {
            source = (error as Cancelled).source;
            g.cancel("later");
            throw error;
          })
        );
      }, { timeout: 1 }),
    TimeoutError,
  );
  assertEquals(source, "deadline");
});

testOnFakeLoop("a group that was cancelled by hand before its timeout passed does not time out", async () => {
  await group(async (g) => {
    g.cancel();
    await shield(() => sleep(3));
  }, { timeout: 1 });
});

testOnFakeLoop("a daemon that fails is a failure like any other; one that ends early is not", async () => {
  await group((g) => {
    g.spawn(() => {}, { daemon: true });
    g.spawn(() => sleep(1));
  });
  await assertRejects(
    () =>
      group((g) => {
        g.spawn(() => Promise.reject(new Error("daemon")), { daemon: true });
        g.spawn(() => sleep(1e6));
      }),
    Error,
    "daemon",
  );
});

testOnFakeLoop("a daemon holds a slot of the limit (limits count what runs)", async () => {
  let most = 0;
  let running = 0;
  await group((g) => {
    g.spawn(() => sleep(1e6), { daemon: true });
    for (let index = 0; index < 4; index++) {
      g.spawn(async () => {
        most = Math.max(most, ++running);
        await sleep(1);
        running--;
      });
    }
  }, { limit: 2 });
  assertEquals(most, 1);
});

testOnFakeLoop("a limit is kept under failures, cancellations and spawning from tasks, and all tasks end", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.constantFrom("run", "fail", "cancel one", "spawn", "stubborn"), { maxLength: 25 }),
      async (limit, kinds) => {
        let running = 0;
        let most = 0;
        let ended = 0;
        let started = 0;
        const g = new TaskGroup({ limit });
        async function work(kind: string): Promise<void> {
          started++;
          most = Math.max(most, ++running);
          try {
            if (kind === "spawn") g.spawn(() => work("run"));
            if (kind === "stubborn") await sleep(0).catch(() => shield(() => checkpoint()));
            else await sleep(0);
            if (kind === "fail") throw new Error("on purpose");
          } finally {
            running--;
            ended++;
          }
        }
        const spawned = kinds.map((kind) => g.attempt(() => work(kind)));
        for (const [index, kind] of kinds.entries()) if (kind === "cancel one") spawned[index]!.cancel();
        await g.join();
        assert(most <= limit, `${most} ran at once with a limit of ${limit}`);
        assertEquals([started, running, g.size, g.statistics().running, g.statistics().queued], [ended, 0, 0, 0, 0]);
      },
    ),
    { numRuns: 200 },
  );
});

test("an aborted signal means not started; its reason may be anything, and is what the group rejects with", async () => {
  for (const reason of [null, undefined, 0, "text", new Error("why")]) {
    const controller = new AbortController();
    controller.abort(reason);
    const expected = controller.signal.reason;
    let ran = false;
    const caught = await group(() => (ran = true), { signal: controller.signal }).catch((error) => ({ error }));
    assertEquals([ran, caught], [false, { error: expected }]);
  }
});

test("no listener is left on a signal after 10,000 operations on it, and two dozen at once have one together", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  let most = 0;
  const add = signal.addEventListener.bind(signal) as (...args: unknown[]) => void;
  const remove = signal.removeEventListener.bind(signal) as (...args: unknown[]) => void;
  signal.addEventListener = (...args: unknown[]) => {
    most = Math.max(most, ++listeners);
    add(...args);
  };
  signal.removeEventListener = (...args: unknown[]) => {
    listeners--;
    remove(...args);
  };
  for (let round = 0; round < 10_000; round++) await group(() => {}, { signal });
  const running = Array.from({ length: 24 }, () => group(() => sleep(1e6), { signal }).catch((error) => error));
  assertEquals([listeners, most], [1, 1]);
  controller.abort("enough");
  assertEquals([...new Set(await Promise.all(running))], ["enough"]);
  assertEquals(listeners, 0);
});

test("a throwing listener on a task's signal does not keep the cancellation from others", async () => {
  const cancelled: number[] = [];
  const thrown: unknown[] = [];
  const swallow = (error: unknown): void => void thrown.push(error);
  process.on("uncaughtException", swallow);
  try {
    await group(async (g) => {
      for (let index = 0; index < 3; index++) {
        g.spawn((task) => {
          task.signal.onabort = () => cancelled.push(index);
          return sleep(1e6);
        });
      }
      await checkpoint();
      g.cancel();
    });
  } finally {
    process.off("uncaughtException", swallow);
  }
  assertEquals(cancelled, [0, 1, 2]);
});

test("a wait that nobody awaits is no unhandled rejection when it is cancelled", async () => {
  const stray = await strayRejections(() =>
    group(async (g) => {
      void sleep(1e6);
      void checkpoint();
      g.spawn(() => void sleep(1e6));
      g.cancel();
      await checkpoint();
    })
  );
  assertEquals(stray, []);
});

testOnFakeLoop(
  "a group made with new that is left open and never joined is cancelled and closed with the code around it",
  async () => {
    const failure = new Error("in cleanup");
    const unhandled: unknown[] = [];
    let left!: TaskGroup;
    configure({ onUnhandled: (error) => unhandled.push(error) });
    try {
      await assertRejects(
        () =>
          group(async () => {
            left = new TaskGroup({ name: "left" });
            left.spawn(() => failsWhenCancelled(failure));
            await checkpoint();
          }),
        StructureError,
        "left open",
      );
      await checkpoint();
    } finally {
      configure({ onUnhandled: undefined });
    }
    assertEquals([left.closed, unhandled], [true, [failure]]);
  },
);

test("a timeout that was left open is closed with the code around it, and rejects nobody unheard", async () => {
  const { withTimeout } = await import("../../mod.ts");
  const stray = await strayRejections(() =>
    assertRejects(() =>
      group((g) => {
        g.spawn(() => void withTimeout(1e6, () => sleep(1e6)));
      }), StructureError)
  );
  assertEquals(stray, []);
});

testOnFakeLoop("moveOnAfter around a group cancels its tasks and waits for them", async () => {
  let ended = false;
  await moveOnAfter(1, () => group((g) => void g.spawn(() => sleep(1e6).finally(() => ended = true))));
  assert(ended, "the task has not ended");
});

testOnFakeLoop(
  "whatever fails, is cancelled or is spawned, a group ends after all its tasks and reports each failure once",
  async () => {
    interface Plan {
      kind: "value" | "fail" | "fail when cancelled" | "sleep" | "swallow" | "cancel group" | "cancel sibling" | "nest";
      turns: number;
      inner: Plan[];
    }
    const { plans } = fc.letrec<{ plan: Plan; plans: Plan[] }>((tie) => ({
      plans: fc.oneof(
        { depthSize: "small", withCrossShrink: true },
        fc.constant<Plan[]>([]),
        fc.array(tie("plan"), { maxLength: 4 }),
      ),
      plan: fc.record({
        kind: fc.constantFrom(
          "value",
          "fail",
          "fail when cancelled",
          "sleep",
          "swallow",
          "cancel group",
          "cancel sibling",
          "nest",
        ),
        turns: fc.nat(3),
        inner: tie("plans"),
      }),
    })) as unknown as { plans: fc.Arbitrary<Plan[]> };
    await fc.assert(
      fc.asyncProperty(plans, async (plans) => {
        let live = 0;
        const thrown: Error[] = [];
        const failed = (): Error => {
          const error = new Error(`failure ${thrown.length}`);
          thrown.push(error);
          return error;
        };
        async function perform(plan: Plan, g: TaskGroup, siblings: { cancel(): void }[]): Promise<void> {
          live++;
          try {
            for (let turn = 0; turn < plan.turns; turn++) await checkpoint();
            if (plan.kind === "fail") throw failed();
            if (plan.kind === "sleep") await sleep(0.1);
            if (plan.kind === "swallow") await sleep(0.1).catch(() => {});
            if (plan.kind === "cancel group") g.cancel();
            if (plan.kind === "cancel sibling") siblings[0]?.cancel();
            if (plan.kind === "nest") await runAll(plan.inner);
            if (plan.kind === "fail when cancelled") {
              await sleep(0.1).catch((error) => {
                throw error instanceof Cancelled ? failed() : error;
              });
            }
          } finally {
            await shield(() => checkpoint());
            live--;
          }
        }
        function runAll(plans: readonly Plan[]): Promise<void> {
          return group((g) => {
            const siblings: { cancel(): void }[] = [];
            for (const plan of plans) siblings.push(g.spawn(() => perform(plan, g, siblings)));
          });
        }
        const outcome = await runAll(plans).then(() => undefined, (error) => error);
        assertEquals(live, 0);
        const reported = outcome === undefined ? [] : [outcome, ...suppressed(outcome)];
        assertEquals(new Set(reported), new Set(thrown));
        assertEquals(reported.length, thrown.length);
        assertEquals([loop().queue.size, loop().timers.size], [0, 0]);
      }),
      { numRuns: 300 },
    );
  },
);
