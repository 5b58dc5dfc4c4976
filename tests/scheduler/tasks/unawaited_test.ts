/** Promises that nobody awaits: quiet if they reject only because of a cancellation, loud for every other error. */

import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assertEquals } from "@std/assert";
import {
  all,
  Barrier,
  CancelScope,
  Channel,
  checkpoint,
  Condition,
  configure,
  forEachChunked,
  group,
  interruptible,
  Latch,
  mapChunked,
  mapConcurrent,
  Mutex,
  nextFrame,
  reduceChunked,
  retry,
  runChunked,
  scheduler,
  Semaphore,
  shield,
  sleep,
  sleepUntil,
  supervise,
  type TaskGroup,
  whenIdle,
} from "../../../mod.ts";
import { runs } from "./programs/runs.ts";
import { run } from "../../support/child.ts";
import { strayRejections } from "../../support/stray.ts";
import { turns } from "../../support/turns.ts";

/** Every function that gives a promise of a wait. */
const waits: Record<string, (g: TaskGroup) => unknown> = {
  sleep: () => sleep(60_000),
  "sleep without end": () => sleep(Infinity),
  sleepUntil: () => sleepUntil(performance.now() + 60_000),
  checkpoint: () => checkpoint(),
  interruptible: () => interruptible(new Promise(() => {})),
  "Channel.receive": () => new Channel().receive(),
  "Channel.send": () => new Channel().send(1),
  "a channel's iterator": () => new Channel()[Symbol.asyncIterator]().next(),
  "Semaphore.acquire": () => new Semaphore(0).acquire(),
  "Mutex.acquire": () => {
    const mutex = new Mutex();
    mutex.tryAcquire();
    return mutex.acquire();
  },
  "Condition.wait": () => {
    const mutex = new Mutex();
    mutex.tryAcquire();
    return new Condition(mutex).wait();
  },
  "Latch.wait": () => new Latch().wait(),
  "Barrier.wait": () => new Barrier(2).wait(),
  whenIdle: () => whenIdle(),
  nextFrame: () => nextFrame({ rate: 1 }),
  forEachChunked: () => forEachChunked(1e9, () => {}),
  mapChunked: () => mapChunked(1e7, (n) => n),
  reduceChunked: () => reduceChunked(1e9, (sum: number) => sum, 0),
  runChunked: () =>
    runChunked(function* () {
      for (;;) yield;
    }),
  "task.result": (g) => g.spawn(() => sleep(60_000)).result,
  "TaskGroup.start": (g) => g.start(() => sleep(60_000)),
  "scheduler.yield": () => scheduler.yield(),
  "shield of a wait that is over": () => shield(() => sleep(1)),
};

for (const [name, begin] of [...Object.entries(runs), ...Object.entries(waits)]) {
  const isRun = Object.hasOwn(runs, name);
  const start = (g: TaskGroup): unknown =>
    isRun ? runs[name]!(() => sleep(60_000), g) : (begin as (g: TaskGroup) => unknown)(g);

  test(`${name}: a promise that rejects only because its task was cancelled is no unhandled rejection`, async () => {
    const told: unknown[] = [];
    configure({ onUnhandled: (error) => void told.push(error) });
    try {
      const stray = await strayRejections(async () => {
        await group(async (g) => {
          g.spawn(async () => {
            const promise = start(g);
            await sleep(60_000);
            await promise;
          });
          await turns(3);
          g.cancel("the client left");
        });
      });
      assertEquals([stray, told], [[], []]);
    } finally {
      configure({ onUnhandled: undefined });
    }
  });
}

test("an error of its own that nobody awaits is told, whichever function gave the promise", async () => {
  const { code, stdout, stderr } = await run(fileURLToPath(new URL("./programs/unawaited_errors.ts", import.meta.url)));
  assertEquals([code, JSON.parse(stdout), stderr], [0, [], ""]);
});

test("what was aborted by the signal of its options is no unhandled rejection either", async () => {
  const ended: Record<string, (signal: AbortSignal) => unknown> = {
    group: (signal) => group(() => sleep(60_000), { signal }),
    all: (signal) => all([() => sleep(60_000)], { signal }),
    mapConcurrent: (signal) => mapConcurrent([1], () => sleep(60_000), { signal }),
    retry: (signal) => retry(() => sleep(60_000), { signal }),
    supervise: (signal) => supervise(() => sleep(60_000), { signal }),
    forEachChunked: (signal) => forEachChunked(1e9, () => {}, { signal }),
    "CancelScope.run": (signal) => new CancelScope({ signal }).run(() => sleep(60_000)),
  };
  for (const isAborted of [false, true]) {
    const stray = await strayRejections(async () => {
      const controller = new AbortController();
      if (isAborted) controller.abort(new RangeError("gone"));
      for (const begin of Object.values(ended)) void begin(controller.signal);
      await turns(3);
      controller.abort(new RangeError("gone"));
      await turns(3);
    });
    assertEquals(stray, [], `aborted before: ${isAborted}`);
  }
});
