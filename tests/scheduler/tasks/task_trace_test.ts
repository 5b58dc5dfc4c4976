import { AsyncLocalStorage } from "node:async_hooks";
import diagnostics from "node:diagnostics_channel";
import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { whileHearing } from "../../support/heard.ts";
import { currentTask, group, sleep, type TaskTrace } from "../../../mod.ts";

/** What the channels of tasks tell while `body` runs. */
async function heard(body: () => PromiseLike<unknown>): Promise<{ what: string; message: TaskTrace }[]> {
  const messages: { what: string; message: TaskTrace }[] = [];
  const add = (what: string, message: unknown): void => void messages.push({ what, message: message as TaskTrace });
  await whileHearing("task", ["spawn", "start", "end"], add, body);
  return messages;
}

const nameOf = (message: TaskTrace): string => message.task.name.replace(/#\d+$/, "");

test("a task is told of when it is spawned, when it starts and when it has ended, each time by the same handle", async () => {
  const messages = await heard(() =>
    group((g) => {
      const task = g.spawn(() => sleep(1), { name: "one" });
      return task;
    }, { name: "outer" })
  );
  assertEquals(messages.map(({ what, message }) => `${what} ${nameOf(message)}`), [
    "spawn one",
    "start one",
    "end one",
  ]);
  for (const { message } of messages) {
    assertStrictEquals(message.task, messages[0]!.message.task);
    assertEquals([message.path, message.error], ["outer", undefined]);
  }
});

test("an end tells the error of a task that failed, and the cancellation of one that was cancelled, which may never have started", async () => {
  const error = new Error("broken");
  const messages = await heard(() =>
    assertRejects(() =>
      group((g) => {
        g.spawn(() => Promise.reject(error), { name: "failing" });
        g.spawn(() => sleep(10_000), { name: "sleeping" });
        g.spawn(() => {}, { name: "early" }).cancel("not needed");
      })
    )
  );
  const ends = messages.filter(({ what }) => what === "end").map(({ message }) => message);
  assertEquals(ends.map((message) => [nameOf(message), message.task.state]), [
    ["early", "cancelled"],
    ["failing", "rejected"],
    ["sleeping", "cancelled"],
  ]);
  assertStrictEquals(ends[1]!.error, error);
  assertEquals((ends[2]!.error as Error).name, "AbortError");
  assert(!messages.some(({ what, message }) => what === "start" && nameOf(message) === "early"));
});

test("a spawn is told in the flow of control that spawns, and names the groups and tasks around it", async () => {
  let spawner: string | undefined;
  const listener = (_what: string, message: unknown): void => {
    const trace = message as TaskTrace;
    if (nameOf(trace) === "inner") spawner = `${currentTask()?.name} in ${trace.path}`;
  };
  await whileHearing("task", ["spawn"], listener, () =>
    group(
      (g) =>
        void g.spawn(() => group((inner) => void inner.spawn(() => {}, { name: "inner" }), { name: "nested" }), {
          name: "outer",
        }),
      { name: "top" },
    ));
  assertEquals(spawner?.replaceAll(/#\d+/g, ""), "outer in top > outer > nested");
});

test("a store bound to the start of tasks is the task's, and what a task spawns finds it as it spawns", async () => {
  const store = new AsyncLocalStorage<string>();
  const channel = diagnostics.channel("millrace.task.start");
  channel.bindStore(store, (message) => `${store.getStore() ?? ""}/${nameOf(message as TaskTrace)}`);
  try {
    const seen = await group(async (g) => {
      const outer = g.spawn(async () => {
        await sleep(1);
        return await group(async (inner) => {
          const child = inner.spawn(() => sleep(1).then(() => store.getStore()), { name: "child" });
          return [store.getStore(), await child];
        });
      }, { name: "parent" });
      return await outer;
    });
    assertEquals(seen, ["/parent", "/parent/child"]);
    assertEquals(store.getStore(), undefined);
  } finally {
    channel.unbindStore(store);
  }
});
