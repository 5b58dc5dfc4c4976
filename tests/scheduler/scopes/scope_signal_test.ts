import { AsyncLocalStorage } from "node:async_hooks";
import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import { Cancelled, CancelScope, checkpoint, group, sleep, type Task } from "../../../mod.ts";
import { latch } from "../../support/latch.ts";
import { testWith } from "../../support/needs.ts";

test("a signal that was read before its scope was entered is aborted at once by an early cancel, with what the scope throws", async () => {
  const scope = new CancelScope();
  const { signal } = scope;
  scope.cancel("early");
  assert(signal.aborted, "it is not aborted");
  let thrown: unknown;
  await scope.run(() =>
    checkpoint().catch((error) => {
      thrown = error;
      throw error;
    })
  );
  assertStrictEquals(signal.reason, thrown);
  const late = new CancelScope();
  late.cancel("early");
  assertInstanceOf(late.signal.reason, Cancelled);
});

test("a signal that was read before is not aborted when a shielded scope is entered in a cancelled one", async () => {
  const outer = new CancelScope();
  const inner = new CancelScope({ shield: true });
  const { signal } = inner;
  await outer.run(async () => {
    outer.cancel();
    await inner.run(() => checkpoint());
    assert(!signal.aborted, "it is aborted");
  });
});

test("a signal is never aborted by the normal end of its task, group or scope", async () => {
  const signals: AbortSignal[] = [];
  await group(async (g) => {
    signals.push(g.signal);
    const task = g.spawn((task) => {
      signals.push(task.signal);
    });
    await task;
    task.cancel();
    await new CancelScope().run((scope) => {
      signals.push(scope.signal);
    });
  });
  assertEquals(signals.map(({ aborted }) => aborted), [false, false, false]);
});

testWith(
  "async context",
  "the listeners of a task's signal see the async context of whoever read it, not that of whoever cancels",
  async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    await storage.run("canceller", () =>
      group(async (g) => {
        const running = latch();
        const task: Task<void> = storage.run("task", () =>
          g.spawn((task) => {
            task.signal.addEventListener("abort", () => seen.push(storage.getStore()));
            running.open();
            return sleep(1e6);
          }));
        const timed = storage.run("timed", () =>
          new CancelScope({ timeout: 50 }).run((scope) => {
            scope.signal.addEventListener("abort", () => seen.push(storage.getStore()));
            return sleep(1e6);
          }));
        await running.promise;
        task.cancel();
        await timed;
      }));
    assertEquals(seen.sort(), ["task", "timed"]);
  },
);
