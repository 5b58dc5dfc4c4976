/** What waits or runs something is cancelled at every point, and its tasks one by one: it has to end with all of its result or none. */

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import * as millrace from "../../../mod.ts";
import { configure, tasks } from "../../../mod.ts";
import { cancelEverywhere, type Simulation } from "../../../testing.ts";
import { testWith } from "../../support/needs.ts";
import { Sweep } from "../../support/sweep.ts";
import { tellSingly } from "../../support/tell_singly.ts";
import { sweptShared } from "./swept_shared.ts";
import { sweptTasks } from "./swept_tasks.ts";

const swept = { ...sweptTasks, ...sweptShared };

for (const [name, body] of Object.entries(swept)) {
  testWith(
    "async context",
    `${name}, cancelled at any point, gives all of its result or none, and leaves nothing behind`,
    async () => {
      // Threads of workers that end late are told to nobody else.
      const told: unknown[] = [];
      configure({ onUnhandled: (error) => void told.push(error) });
      try {
        for (const [seed, tellsSingly] of [[undefined, false], [undefined, true], [1, false], [2, true]] as const) {
          let sweep: Sweep | undefined;
          let whole: { value: unknown } | undefined;
          const inOrder = seed === undefined ? {} : { seed };
          const after = (): void => {
            sweep?.end();
            assertEquals(tasks(), []);
            sweep = undefined;
          };
          const { points } = await cancelEverywhere(async (sim) => {
            if (tellsSingly) tellSingly();
            sweep = new Sweep(sim);
            const { failure } = sweep;
            try {
              const value = await body(sweep);
              whole ??= { value };
              assertEquals(value, whole.value, "a part of the result");
            } catch (error) {
              if (error !== failure) throw error;
            }
          }, { after, ...inOrder });
          assert(points >= 1, `${points} points`);
          // Cut short one by one, tasks may fail what waits for them; but all has to end.
          const inPart = async (sim: Simulation): Promise<void> => {
            if (tellsSingly) tellSingly();
            sweep = new Sweep(sim);
            await body(sweep).catch(() => {});
          };
          await cancelEverywhere(inPart, { tasks: true, after, ...inOrder });
        }
        if (!name.startsWith("WorkerPool")) assertEquals(told, []);
      } finally {
        configure({ onUnhandled: undefined });
      }
    },
  );
}

/** What gives an answer at once, or belongs to the process and not to a task. */
const atOnce = new Set(
  `buggify callback configure currentSignal currentTask effectiveDeadline formatTasks main startTrace suppressed tasks throwIfCancelled
  TaskGroup.statistics Supervisor.statistics CancelScope.cancel Scheduler LoopMonitor.snapshot LoopMonitor.reset LoopMonitor.close
  Channel.trySend Channel.tryReceive Channel.close Channel.fail Channel.sender Channel.receiver Channel.statistics
  Sender.trySend Sender.clone Sender.close Receiver.tryReceive Receiver.clone Receiver.close
  Semaphore.tryAcquire Semaphore.statistics Mutex.tryAcquire Mutex.statistics Permit.release
  Condition.notify Condition.notifyAll Condition.statistics Latch.open Latch.statistics Barrier.reset Barrier.statistics
  Broadcast.send Broadcast.subscribe Broadcast.close Broadcast.fail Broadcast.statistics
  Watch.set Watch.update Watch.subscribe Watch.close Watch.statistics RateLimiter.tryAcquire RateLimiter.statistics
  ReadWriteLock.tryAcquireRead ReadWriteLock.tryAcquireWrite ReadWriteLock.statistics
  WorkerPool.statistics WorkerPool.histograms TaskController.setPriority TaskSignal.addEventListener
  TaskSignal.removeEventListener`.split(/\s+/),
);

test("every public function and method that may wait is in the table of the sweep", () => {
  const names = Object.entries(millrace).flatMap(([name, value]): string[] => {
    if (typeof value !== "function") return [];
    if (!/^class\b/.test(Function.prototype.toString.call(value))) return [name];
    const { prototype } = value as unknown as { prototype: object };
    if (prototype instanceof Error || prototype instanceof Event) return [];
    const methods = Object.entries(Object.getOwnPropertyDescriptors(prototype));
    return methods.filter(([key, { value }]) => key !== "constructor" && typeof value === "function")
      .map(([key]) => `${name}.${key}`);
  });
  assert(names.length > 80, `${names.length}`);
  assertEquals(names.filter((name) => !Object.hasOwn(swept, name) && !atOnce.has(name)), []);
});
