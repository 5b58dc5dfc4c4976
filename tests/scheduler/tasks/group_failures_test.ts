/** What a group rejects with. */

import { test } from "node:test";
import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import {
  type Cancelled,
  CancelScope,
  checkpoint,
  group,
  shield,
  sleep,
  StructureError,
  suppressed,
  TaskCancelledError,
  TaskGroup,
} from "../../../mod.ts";
import { failsWhenCancelled } from "../../support/errors.ts";
import { testOnFakeLoop } from "../../support/fake_loop.ts";

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

testOnFakeLoop("a group that fails after its body has ended normally still rejects", async () => {
  await assertRejects(
    () => group((g) => void g.spawn(() => sleep(1).then(() => Promise.reject(new Error("late"))))),
    Error,
    "late",
  );
});

testOnFakeLoop("leaving without join keeps what the tasks failed with as the cause", async () => {
  const failure = new Error("in cleanup");
  const g = new TaskGroup();
  g.spawn(() => failsWhenCancelled(failure));
  await checkpoint();
  const error = await assertRejects(() => g[Symbol.asyncDispose](), StructureError);
  assertStrictEquals(error.cause, failure);
  await g[Symbol.asyncDispose]();
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
