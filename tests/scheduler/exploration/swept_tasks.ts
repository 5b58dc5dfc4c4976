/** Every public function that waits or runs tasks, in a body with several steps. */

import { assertEquals } from "@std/assert";
import {
  all,
  allSettled,
  any,
  CancelScope,
  checkpoint,
  debounce,
  forEachChunked,
  group,
  interruptible,
  mapChunked,
  mapConcurrent,
  moveOnAfter,
  nextFrame,
  race,
  reduceChunked,
  retry,
  runChunked,
  scheduler,
  shield,
  sleep,
  sleepUntil,
  streamConcurrent,
  supervise,
  TaskGroup,
  throttle,
  whenIdle,
  withTimeout,
} from "../../../mod.ts";
import type { Sweep, SweptBody } from "../../support/sweep.ts";

/** Items that take their time, from a source that is to be closed once. */
async function* source(sweep: Sweep): AsyncGenerator<number> {
  let closed = 0;
  sweep.afterwards(() => assertEquals(closed, 1, "the source was not closed once"));
  try {
    for (let item = 0; item < 4; item++) {
      await sleep(1);
      yield item;
    }
  } finally {
    closed++;
  }
}

/** By the names of what they use, as `Class.method` where it is one. */
export const sweptTasks: Record<string, SweptBody> = {
  sleep: () => sleep(3).then(() => "slept"),
  sleepUntil: () => sleepUntil(performance.now() + 3),
  checkpoint: async () => (await checkpoint(), await checkpoint()),
  interruptible: ({ sim }) => interruptible(sim.io("read")),
  whenIdle: async () => (await whenIdle(), await whenIdle({ timeout: 5 }), "idle"),
  nextFrame: async () => (await nextFrame(), await nextFrame({ rate: 100 }), "drawn"),
  debounce: () =>
    group(async () => {
      let runs = 0;
      const late = debounce(() => runs++, 3);
      late();
      await sleep(1);
      late();
      await sleep(10);
      return [runs, late.pending];
    }),
  throttle: () =>
    group(async () => {
      let runs = 0;
      const seldom = throttle(() => runs++, 3);
      seldom();
      seldom();
      await sleep(10);
      return [runs, seldom.pending];
    }),

  "CancelScope.run": (sweep) => new CancelScope({ timeout: 1000 }).run(sweep.work("run")).then(absorbed),
  withTimeout: (sweep) => withTimeout(1000, sweep.work("in time")),
  moveOnAfter: (sweep) => moveOnAfter(1000, sweep.work("in time")).then(absorbed),
  shield: (sweep) => shield(sweep.work("kept"), { timeout: 1000 }),

  group: (sweep) => group((g) => (g.spawn(sweep.work("task")), sweep.work("body")())),
  "TaskGroup.spawn": (sweep) =>
    group(async (g) => {
      const names = ["a", "b", "c"];
      const tasks = names.map((name) => g.spawn(sweep.work(name)));
      const found: string[] = [];
      for (const task of tasks) found.push(await task);
      return found;
    }, { limit: 2 }),
  "TaskGroup.attempt": (sweep) =>
    group(async (g) => {
      const failing = g.attempt(() => sweep.work("failed")().then((text) => Promise.reject(text)));
      return [await g.attempt(sweep.work("done")), await failing];
    }),
  "TaskGroup.start": (sweep) =>
    group((g) =>
      g.start<string>(async (started) => {
        started(await sweep.work("ready")());
        await sweep.work("serving")();
      })
    ),
  "TaskGroup.defer": (sweep) =>
    group((g) => {
      for (const name of ["a", "b"]) g.defer(async () => void await sweep.work(`closing ${name}`)());
      return sweep.work("body")();
    }),
  "TaskGroup.join": async (sweep) => {
    const g = new TaskGroup();
    const done: string[] = [];
    for (const name of ["a", "b"]) g.spawn(async () => done.push(await sweep.work(name)()));
    await g.join();
    return done.sort();
  },
  "TaskGroup.cancel": (sweep) =>
    group(async (g) => {
      g.spawn(sweep.work("cut short", 1e6));
      await sleep(5);
      g.cancel();
      return "ended";
    }),
  "Task.then": (sweep) => group((g) => g.spawn(sweep.work("task")).then((text) => `${text}, then`)),
  "Task.catch": (sweep) => group((g) => g.attempt(sweep.work("task")).catch((error: Error) => Promise.reject(error))),
  "Task.finally": (sweep) => group((g) => g.spawn(sweep.work("task")).finally(() => {})),
  "Task.cancel": (sweep) =>
    group(async (g) => {
      const task = g.spawn(sweep.work("cut short", 1e6));
      await sleep(5);
      task.cancel();
      return await task.result.catch((error: Error) => error.name);
    }),
  supervise: (sweep) => supervise((s) => (s.spawn(sweep.work("task")), sweep.work("body")())),
  "Supervisor.spawn": (sweep) =>
    supervise(async (s) => {
      let runs = 0;
      const task = s.spawn(async () => {
        await sweep.work("run")();
        if (++runs < 3) throw sweep.failure;
        return runs;
      }, { restart: "transient" });
      return await task;
      // A failure after which nothing is started again, because of the cancellation, is told: it is no part of the result.
    }, { restart: { backoff: { initial: 1 } }, onFailure: (error) => assertEquals(error, sweep.failure) }),

  all: (sweep) => all([sweep.work(1), sweep.work(2), sweep.work(3)], { limit: 2 }),
  allSettled: (sweep) => allSettled([sweep.work(1), () => sweep.work(2)().then(() => Promise.reject(sweep.failure))]),
  race: (sweep) => race([sweep.work("slow", 50), sweep.work("fast")]),
  any: (sweep) => any([sweep.work("slow", 50), sweep.work("fast"), () => Promise.reject(1)]),
  mapConcurrent: async (sweep) => await mapConcurrent(source(sweep), (item) => sweep.work(item * 2)(), { limit: 2 }),
  streamConcurrent: async (sweep) => {
    const found: number[] = [];
    const results = streamConcurrent(source(sweep), (item) => sweep.work(item * 2)(), { limit: 2 });
    for await (const result of results) found.push(result);
    return found;
  },
  retry: (sweep) =>
    retry(async (attempt) => {
      await sweep.work("attempt")();
      if (attempt < 3) throw sweep.failure;
      return attempt;
    }, { delay: 2, timeout: 1000 }),

  "Scheduler.postTask": async () => {
    const run = await scheduler.postTask(() => "posted", { delay: 2, priority: "background" });
    await checkpoint();
    return run;
  },
  "Scheduler.yield": async () => (await scheduler.yield(), await scheduler.yield(), "went on"),
  forEachChunked: async ({ sim }) => {
    let done = 0;
    await forEachChunked(20, () => void (done++, sim.spin(1)));
    return done;
  },
  mapChunked: ({ sim }) => mapChunked(20, (index) => (sim.spin(1), index)),
  reduceChunked: ({ sim }) => reduceChunked(20, (sum, index) => (sim.spin(1), sum + index), 0),
  runChunked: async (sweep) => {
    let closed = true;
    sweep.afterwards(() => assertEquals(closed, true, "the generator was not closed"));
    return await runChunked(function* () {
      closed = false;
      try {
        for (let item = 0; item < 20; item++) {
          sweep.sim.spin(1);
          yield;
        }
        return "all";
      } finally {
        closed = true;
      }
    });
  },
};

/** A scope that absorbs its own cancellation gives nothing: here, where it has none of its own, that would be a part of the result. */
function absorbed<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("It has absorbed what was none of its own");
  return value;
}
