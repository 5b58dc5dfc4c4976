/** Cancellation as it runs down the tree of scopes. */

import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import {
  Cancelled,
  CancelScope,
  checkpoint,
  group,
  interruptible,
  shield,
  sleep,
  StructureError,
  type Task,
  TaskCancelledError,
  TimeoutError,
  withTimeout,
} from "../../../mod.ts";
import { loop } from "../../../scheduler/queue/loop.ts";
import { currentScope } from "../../../scheduler/scopes/current_scope.ts";
import { Scope } from "../../../scheduler/scopes/scope.ts";
import { Wait } from "../../../scheduler/waits/wait.ts";
import { testOnFakeLoop, testOnFakeLoopWith } from "../../support/fake_loop.ts";
import { latch } from "../../support/latch.ts";
import { testWith } from "../../support/needs.ts";
import { macrotask } from "../../support/macrotask.ts";

testOnFakeLoopWith("async context", "explicit cancellation then deadline stays explicit, and the reverse", async () => {
  const explicit = new CancelScope({ timeout: 1 });
  let first: Cancelled | undefined;
  await explicit.run(async () => {
    explicit.cancel("by hand");
    await shield(() => sleep(3));
    first = await checkpoint().catch((error) => error) as unknown as Cancelled;
    throw first;
  });
  assertEquals([first!.source, first!.reason, explicit.cancelCaught], ["cancel", "by hand", true]);
  const expired = new CancelScope({ timeout: 1 });
  let second: Cancelled | undefined;
  await expired.run(async () => {
    await shield(() => sleep(3));
    expired.cancel("too late");
    second = await checkpoint().catch((error) => error) as unknown as Cancelled;
    throw second;
  });
  assertEquals([second!.source, second!.reason], ["deadline", undefined]);
});

testOnFakeLoop(
  "a sibling's cancellation names the failing task and its error, also in nested scopes",
  async () => {
    const failure = new Error("cause");
    const seen: Cancelled[] = [];
    let culprit: Task<unknown> | undefined;
    await assertRejects(() =>
      group((g) => {
        g.spawn(() =>
          group((inner) =>
            void inner.spawn(() =>
              new CancelScope().run(() =>
                sleep(1e6).catch((error) => {
                  seen.push(error);
                  throw error;
                })
              )
            )
          )
        );
        culprit = g.spawn(async () => {
          await sleep(1);
          throw failure;
        }, { name: "culprit" });
      })
    );
    assertEquals(seen.map(({ source, reason, cause }) => [source, reason, cause]), [["sibling", failure, failure]]);
    assertStrictEquals(seen[0]!.task, culprit);
  },
);

testOnFakeLoop("a cancellation reaches each descendant in the same turn, however deep", async () => {
  await group(async (g) => {
    const top = new CancelScope();
    const signals: AbortSignal[] = [];
    const ready = latch();
    g.spawn(() =>
      top.run(async () => {
        await group((inner) => {
          for (let index = 0; index < 3; index++) {
            inner.spawn((task) =>
              new CancelScope().run((scope) => {
                signals.push(task.signal, scope.signal);
                if (signals.length === 6) ready.open();
                return sleep(1e6);
              })
            );
          }
        });
      })
    );
    await ready.promise;
    top.cancel();
    assertEquals(signals.map(({ aborted }) => aborted), Array(6).fill(true));
  });
});

testOnFakeLoop("nobody's callback sees a tree that is marked in part", async () => {
  await group(async (g) => {
    const tasks: Task<unknown>[] = [];
    const seen: string[][] = [];
    for (let index = 0; index < 3; index++) {
      tasks.push(g.spawn((task) => {
        task.signal.addEventListener("abort", () => seen.push(tasks.map(({ state }) => state)));
        return sleep(1e6);
      }));
    }
    await checkpoint();
    g.cancel();
    assertEquals(seen, Array(3).fill(Array(3).fill("cancelling")));
  });
});

test("if the result and the cancellation come in the same turn, the cancellation wins, whichever was first", async () => {
  for (const order of ["result first", "cancellation first"]) {
    const result = latch<string>();
    const outcome = await group(async (g) => {
      const waiting = latch();
      const task = g.spawn(() => {
        waiting.open();
        return interruptible(result.promise);
      });
      await waiting.promise;
      if (order === "result first") result.open("value");
      task.cancel();
      result.open("value");
      return await task.then((value) => value, (error) => error);
    });
    assertInstanceOf(outcome, TaskCancelledError, order);
  }
});

testOnFakeLoop(
  "of two who await a task or a promise, the first to go on can still cancel the second",
  async () => {
    for (const kind of ["task", "promise"]) {
      const foreign = latch<string>();
      const outcomes: unknown[] = [];
      await group(async (g) => {
        const task = g.spawn(() => foreign.promise);
        const wait = (): Promise<string> =>
          kind === "task" ? task.then((value) => value) : interruptible(foreign.promise);
        g.spawn(async () => {
          outcomes[0] = await wait();
          second.cancel();
        });
        const second = g.spawn(async () => {
          outcomes[1] = await wait().catch((error) => (error as Error).name);
        });
        await checkpoint();
        foreign.open("value");
      });
      assertEquals([kind, ...outcomes], [kind, "value", "AbortError"]);
    }
  },
);

testOnFakeLoop(
  "if an awaited task has ended but the awaiter has not gone on, the awaiter's cancellation wins",
  async () => {
    let outcome: unknown;
    await group(async (g) => {
      const started = latch();
      const ends = latch();
      const awaited = g.spawn(async () => {
        started.open();
        await ends.promise;
        return "value";
      });
      const awaiter = g.spawn(async () => {
        outcome = await awaited.then((value) => value, (error) => error);
      });
      await started.promise;
      await checkpoint();
      void awaited.result.then(() => awaiter.cancel());
      ends.open();
    });
    assertInstanceOf(outcome, Cancelled);
  },
);

testOnFakeLoop("an error of its own beats the cancellation of a task that throws it", async () => {
  const own = new Error("own");
  const error = await assertRejects(() =>
    group((g) => {
      g.spawn(() => sleep(1e6).catch(() => Promise.reject(own)));
      g.spawn(() => g.cancel());
      return sleep(1e6);
    })
  );
  assertStrictEquals(error, own);
});

testOnFakeLoopWith(
  "async context",
  "a task may cancel itself; the code up to its next checkpoint still runs",
  async () => {
    const log: string[] = [];
    await group((g) => {
      g.spawn(async (task) => {
        task.cancel();
        log.push("same turn");
        await Promise.resolve();
        log.push("after a foreign await");
        await checkpoint();
        log.push("not reached");
      });
    });
    assertEquals(log, ["same turn", "after a foreign await"]);
  },
);

test("a cancelled scope whose task has ended does not spin: no turn and no timer is used", async () => {
  await group(async (g) => {
    const scope = new CancelScope();
    const stuck = latch();
    g.spawn(() => scope.run(() => stuck.promise));
    await checkpoint();
    scope.cancel();
    await checkpoint();
    const { entriesRun } = loop().queue;
    for (let turn = 0; turn < 20; turn++) await macrotask();
    assertEquals(loop().queue.entriesRun, entriesRun);
    stuck.open();
  });
});

testOnFakeLoop("a scope can be cancelled from another task", async () => {
  const scope = new CancelScope();
  let after = false;
  await group((g) => {
    g.spawn(async () => {
      await scope.run(() => sleep(1e6));
      after = true;
    });
    g.spawn(() => scope.cancel("by another task"));
  });
  assert(after && scope.cancelCaught, "the task did not go on after the scope");
});

testOnFakeLoop(
  "a scope left open by the code around it is cancelled and closed first, then StructureError is thrown",
  async () => {
    const log: string[] = [];
    const left = new CancelScope();
    const outer = new CancelScope();
    await assertRejects(
      () =>
        outer.run(() => {
          void left.run(() => sleep(1e6).finally(() => log.push("closed")));
        }),
      StructureError,
      "left open",
    );
    assertEquals([log, left.cancelCaught], [["closed"], true]);
  },
);

testOnFakeLoop(
  "a scope left open across a yield of an async generator is closed with the code that iterates",
  async () => {
    const log: string[] = [];
    async function* generator(): AsyncGenerator<number> {
      const scope = new CancelScope();
      const open = scope.run(() => sleep(1e6).finally(() => log.push("closed")));
      yield 1;
      await open;
    }
    await assertRejects(
      () =>
        group(async () => {
          for await (const value of generator()) {
            log.push(`value ${value}`);
            break;
          }
        }),
      StructureError,
      "left open",
    );
    assertEquals(log, ["value 1", "closed"]);
  },
);

testWith(
  "Node's modules",
  "what an API of the host makes of an aborted signal counts as the cancellation, in tasks, bodies, scopes and timeouts",
  async () => {
    const { setTimeout: hostSleep } = await import("node:timers/promises");
    const forEver = (signal: AbortSignal): Promise<void> => hostSleep(1e6, undefined, { signal });
    await group(async (g) => {
      g.spawn((task) => forEver(task.signal));
      await checkpoint();
      g.cancel();
      await forEver(g.signal);
    });
    const scope = new CancelScope({ timeout: 1 });
    assertEquals(await scope.run(({ signal }) => forEver(signal)), undefined);
    assert(scope.cancelCaught, "the scope has not absorbed its cancellation");
    await assertRejects(() => group((g) => forEver(g.signal), { timeout: 1 }), TimeoutError);
    await assertRejects(() => withTimeout(1, () => group((g) => forEver(g.signal))), TimeoutError);
    const controller = new AbortController();
    const joined = group((g) => forEver(g.signal), { signal: controller.signal }).catch((error) => error);
    controller.abort("why");
    assertEquals(await joined, "why");
    // Without a cancellation of the scope it is an error like any other.
    await assertRejects(() => group(() => forEver(AbortSignal.abort())), Error, "abort");
  },
);

test("a callback that outlives its task has no current scope; checkpoints in it are free of the task's cancellation", async () => {
  const late = latch<unknown>();
  await group((g) => {
    g.spawn((task) => {
      setTimeout(() => {
        late.open(currentScope());
      }, 2);
      task.cancel();
    });
  });
  assertEquals(await late.promise, undefined);
});

test("a wait takes no result once its scope is marked, even before it is told", () => {
  const scope = new Scope(undefined);
  const results: boolean[] = [];
  // Told first: it tries to settle its younger sibling, as an ending task does its awaiters.
  const first: Wait<number> = new Wait<number>(
    scope,
    () => results.push(second.resolve(1), second.reject(new Error("no"))),
  );
  const second: Wait<number> = new Wait<number>(scope);
  scope.cancel("cancel");
  assertEquals(results, [false, false]);
  assert(first.interrupted && second.interrupted, "a wait was not interrupted");
  for (const { promise } of [first, second]) promise.catch(() => {});
});

test("ten thousand scopes inside one another are cancelled without recursion, and shields among them are kept", () => {
  let scope = new Scope(undefined);
  const top = scope;
  let behindShield: Scope | undefined;
  for (let depth = 0; depth < 10_000; depth++) {
    scope = new Scope(scope);
    if (depth === 5000) {
      scope.setShield(true);
      behindShield = scope;
    }
  }
  top.cancel("cancel");
  assertEquals([behindShield!.parent!.effective === top.request, scope.effective], [true, undefined]);
  behindShield!.setShield(false);
  assertStrictEquals(scope.effective, top.request);
});

testOnFakeLoop(
  "whatever is cancelled, shielded and unshielded, what a checkpoint throws is the outermost request that no shield keeps out",
  () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(7), { minLength: 8, maxLength: 8 }),
        fc.array(
          fc.record({ at: fc.nat(7), act: fc.constantFrom("cancel", "shield", "unshield") }),
          { maxLength: 20 },
        ),
        (parents, acts) => {
          const scopes: Scope[] = [];
          for (const [index, parent] of parents.entries()) {
            scopes.push(new Scope(index === 0 ? undefined : scopes[parent % index]));
          }
          for (const { at, act } of acts) {
            const scope = scopes[at]!;
            if (act === "cancel") scope.cancel("cancel", at);
            else scope.setShield(act === "shield");
            for (const each of scopes) {
              let expected: unknown;
              for (let around: Scope | undefined = each; around !== undefined; around = around.parent) {
                expected = around.request ?? expected;
                if (around.shielded) break;
              }
              assertStrictEquals(each.effective, expected);
            }
          }
        },
      ),
      { numRuns: 500 },
    );
  },
);
