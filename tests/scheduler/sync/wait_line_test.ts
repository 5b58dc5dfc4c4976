/** What all that wait in line have in common: turns, priorities, the tree of tasks. */

import { AsyncLocalStorage } from "node:async_hooks";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import {
  Barrier,
  Channel,
  checkpoint,
  Condition,
  formatTasks,
  group,
  Latch,
  Mutex,
  Semaphore,
  type Task,
} from "../../../mod.ts";
import { turns } from "../../support/turns.ts";
import { until } from "../../support/within.ts";
import { testWith } from "../../support/needs.ts";

testWith("async context", "the tree of tasks says what a task waits for in line", async () => {
  const mutex = new Mutex();
  const waits: Record<string, () => Promise<unknown>> = {
    "a semaphore": () => new Semaphore(0).acquire(),
    "a latch": () => new Latch().wait(),
    "a barrier": () => new Barrier(2).wait(),
    "room in a channel": () => new Channel().send(1),
    "a value of a channel": () => new Channel().receive(),
    "a condition": () => mutex.run(() => new Condition(mutex).wait()),
    "a mutex": async () => {
      const other = new Mutex();
      await other.acquire();
      await other.acquire();
    },
  };
  await group(async (g) => {
    const tasks: Task<unknown>[] = Object.values(waits).map((wait) => g.spawn(wait));
    await turns();
    const lines = formatTasks().split("\n");
    Object.keys(waits).forEach((what, index) => {
      const line = lines.find((line) => line.includes(tasks[index]!.name));
      assert(line?.includes(what), `${line} does not say ${what}`);
    });
    g.cancel();
  });
});

testWith("async context", "who goes on keeps its async context, whoever let it go", async () => {
  const storage = new AsyncLocalStorage<string>();
  const semaphore = new Semaphore(1);
  const channel = new Channel<string>();
  const latch = new Latch();
  const permit = await semaphore.acquire();
  const seen = storage.run("mine", () => {
    const waits = [semaphore.acquire(), channel.receive(), latch.wait()];
    return Promise.all(waits.map(async (wait) => {
      await wait;
      return storage.getStore();
    }));
  });
  await storage.run("other", async () => {
    permit.release();
    await channel.send("value");
    latch.open();
  });
  assertEquals(await seen, ["mine", "mine", "mine"]);
});

test("a waiter that asks again at once goes to the end of the line", async () => {
  const semaphore = new Semaphore(1);
  const log: string[] = [];
  await group((g) => {
    for (const name of ["a", "b", "c"]) {
      g.spawn(async () => {
        for (let round = 0; round < 3; round++) {
          const permit = await semaphore.acquire();
          log.push(name);
          await checkpoint();
          permit.release();
        }
      });
    }
  });
  assertEquals(log.join(""), "abcabcabc");
});

test("of tasks handed something at once the more urgent goes on first, and each gets its own", async () => {
  const latch = new Latch();
  const log: string[] = [];
  await group(async (g) => {
    for (const priority of ["background", "user-visible", "user-blocking"] as const) {
      g.spawn(async () => {
        await latch.wait();
        log.push(priority);
      }, { priority });
    }
    // Turns of this task's would keep the background task waiting.
    await until(() => latch.statistics().waiting === 3, "all wait");
    latch.open();
  });
  assertEquals(log, ["user-blocking", "user-visible", "background"]);
});
