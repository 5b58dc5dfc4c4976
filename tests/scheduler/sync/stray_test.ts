/** Waits, combinators and supervisors that are cancelled or fail while nobody looks cause no unhandled rejection. */

import { test } from "node:test";
import { assertEquals } from "@std/assert";
import {
  all,
  any,
  Barrier,
  CancelScope,
  Channel,
  Condition,
  Latch,
  mapConcurrent,
  Mutex,
  race,
  retry,
  Semaphore,
  sleep,
  supervise,
} from "../../../mod.ts";
import { strayRejections } from "../../support/stray.ts";
import { turns } from "../../support/turns.ts";

test("a wait that is cancelled while nobody awaits it is no unhandled rejection", async () => {
  const stray = await strayRejections(async () => {
    const scope = new CancelScope();
    await scope.run(async () => {
      const semaphore = new Semaphore(0);
      const mutex = new Mutex();
      const condition = new Condition(mutex);
      await mutex.acquire();
      const waits: unknown[] = [
        semaphore.acquire(),
        mutex.acquire(),
        new Latch().wait(),
        new Barrier(2).wait(),
        new Channel().send(1),
        new Channel().receive(),
      ];
      condition.wait().catch(() => {});
      assertEquals(waits.length, 6);
      await turns(3);
      scope.cancel();
      await sleep(1);
    });
    await turns();
  });
  assertEquals(stray, []);
});

test("combinators, retry and supervise leave no unhandled rejection behind, however they end", async () => {
  const stray = await strayRejections(async () => {
    const fail = () => Promise.reject(new Error("failed"));
    const never = () => sleep(1e6);
    for (const cancelAfter of [0, 1, 2, 3, 5, 8]) {
      const scope = new CancelScope();
      const works = [
        () => all([fail, never, fail]),
        () => race([never, fail, fail]),
        () => any([fail, fail]),
        () => any([never, fail]),
        () => mapConcurrent([1, 2, 3], fail),
        () => mapConcurrent(new Channel<number>(), fail),
        () => retry(fail, { attempts: 3, delay: 0 }),
        () => supervise((supervisor) => void supervisor.spawn(fail), { restart: { maxRestarts: 2 } }),
      ];
      const ended = scope.run(() => Promise.allSettled(works.map((work) => work())));
      await turns(cancelAfter);
      scope.cancel();
      await ended;
    }
  });
  assertEquals(stray, []);
});
