import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import {
  configure,
  currentTask,
  type RestartMode,
  type RestartPolicy,
  sleep,
  supervise,
  TaskCancelledError,
  TaskGroup,
} from "../../../mod.ts";
import { testOnFakeLoop } from "../../support/fake_loop.ts";

test("bad policies, modes and hooks are refused at the call", () => {
  const bad = (restart: unknown) => () => supervise(() => {}, { restart: restart as RestartPolicy });
  for (const restart of [1, null, { strategy: "all" }, { backoff: 1 }, { maxRestarts: "3" }]) {
    assertThrows(bad(restart), TypeError);
  }
  for (const restart of [{ maxRestarts: -1 }, { maxRestarts: 0.5 }, { within: -1 }, { within: NaN }]) {
    assertThrows(bad(restart), RangeError);
  }
  for (const backoff of [{ initial: -1 }, { factor: 0.5 }, { max: NaN }, { jitter: 2 }]) {
    assertThrows(bad({ backoff }), RangeError);
  }
  assertThrows(() => supervise(1 as unknown as () => 1), TypeError);
  assertThrows(() => supervise(() => {}, { onFailure: 1 as unknown as () => 1 }), TypeError);
});

testOnFakeLoop("a wrong restart mode is refused by spawn", async () => {
  await supervise((supervisor) => {
    assertThrows(() => supervisor.spawn(() => {}, { restart: "always" as RestartMode }), TypeError, "always");
    assertInstanceOf(supervisor, TaskGroup);
  });
});

testOnFakeLoop(
  "a task that fails does so alone; unrestarted failures go to onFailure, all of them",
  async () => {
    const failures: [unknown, string][] = [];
    const log: string[] = [];
    const value = await supervise((supervisor) => {
      supervisor.spawn(() => Promise.reject(new RangeError("a")), { name: "a" });
      supervisor.spawn(() => {
        throw null;
      }, { name: "b" });
      supervisor.spawn(async () => {
        await sleep(10);
        log.push("c has ended");
      });
      return "result";
    }, { onFailure: (error, task) => failures.push([error, task.name.split("#")[0]!]) });
    assertEquals([value, log], ["result", ["c has ended"]]);
    assertEquals(failures, [[new RangeError("a"), "a"], [null, "b"]]);
  },
);

testOnFakeLoop("by default unrestarted failures go to onUnhandled with the task's path", async () => {
  const unhandled: [unknown, string][] = [];
  configure({ onUnhandled: (error, { path }) => unhandled.push([error, path.replaceAll(/#\d+/g, "")]) });
  try {
    await supervise((supervisor) => {
      supervisor.spawn(() => Promise.reject("lost"), { name: "worker" });
    }, { name: "pool" });
  } finally {
    configure({ onUnhandled: undefined });
  }
  assertEquals(unhandled, [["lost", "pool > worker"]]);
});

testOnFakeLoop("what onFailure throws is the supervisor's failure", async () => {
  const error = new Error("hook");
  const got = await supervise((supervisor) => {
    supervisor.spawn(() => Promise.reject(new Error("task")));
    supervisor.spawn(() => sleep(1e6));
  }, {
    onFailure: () => {
      throw error;
    },
  }).catch((it) => it);
  assertStrictEquals(got, error);
});

testOnFakeLoop(
  "a failure of the body cancels and awaits the tasks; theirs in reaction are told apart",
  async () => {
    const error = new Error("body");
    const cleanup = new Error("cleanup");
    const failures: unknown[] = [];
    const got = await supervise(async (supervisor) => {
      supervisor.spawn(() => sleep(1e6).catch(() => Promise.reject(cleanup)), { restart: "permanent" });
      await sleep(1);
      throw error;
    }, { onFailure: (error) => failures.push(error) }).catch((it) => it);
    assertStrictEquals(got, error);
    assertEquals(failures, [cleanup]);
  },
);

testOnFakeLoop("with a policy tasks are transient by default, without one temporary", async () => {
  for (const restart of [undefined, {}]) {
    let runs = 0;
    await supervise((supervisor) => {
      supervisor.spawn(() => {
        if (++runs < 3) throw new Error("again");
      });
    }, { ...(restart && { restart }), onFailure: () => {} });
    assertEquals(runs, restart === undefined ? 1 : 3);
  }
});

testOnFakeLoop("the handle stands for all runs: it settles as the last one does", async () => {
  await supervise(async (supervisor) => {
    let runs = 0;
    const handle = supervisor.spawn(async (task) => {
      assertEquals(currentTask(), task);
      assert(task !== handle, "a run is not the whole");
      await sleep(1);
      if (++runs < 3) throw new Error("again");
      return runs;
    }, { name: "feed" });
    assertEquals(await handle, 3);
    assertEquals([handle.state, supervisor.restarts, supervisor.size], ["fulfilled", 2, 0]);
    const failing = supervisor.spawn(() => Promise.reject(new RangeError("no")), { restart: "temporary" });
    await assertRejects(() => Promise.resolve(failing), RangeError);
  }, { restart: {}, onFailure: () => {} });
});

testOnFakeLoop(
  "a task cancelled by its handle, or by itself, has ended for good, a permanent one too",
  async () => {
    for (const byItself of [true, false]) {
      let runs = 0;
      await supervise(async (supervisor) => {
        const handle = supervisor.spawn(async (task) => {
          runs++;
          if (byItself) task.cancel();
          await sleep(1e6);
        }, { restart: "permanent" });
        await sleep(1);
        if (!byItself) handle.cancel();
        await assertRejects(() => Promise.resolve(handle), TaskCancelledError);
        assertEquals(handle.state, "cancelled");
      }, { restart: {} });
      assertEquals(runs, 1);
    }
  },
);

testOnFakeLoop("daemons do not keep it open, and priorities and names reach every run", async () => {
  const seen: string[] = [];
  await supervise((supervisor) => {
    supervisor.spawn((task) => {
      seen.push(`${task.name.split("#")[0]} ${task.priority}`);
      return sleep(1e6);
    }, { daemon: true, restart: "permanent", name: "beat", priority: "background" });
    supervisor.spawn(() => sleep(5));
  }, { restart: {} });
  assertEquals(seen, ["beat background"]);
});
