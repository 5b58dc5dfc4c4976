import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { CancelScope, checkpoint, group, nextFrame, scheduler, sleep, whenIdle } from "../../../mod.ts";
import { loop } from "../../../scheduler/queue/loop.ts";
import { onFakeLoop } from "../../support/fake_loop.ts";
import { inMacrotask } from "../../support/macrotask.ts";

test("whenIdle waits until nothing of a higher priority is left", async () => {
  await onFakeLoop(async (fake) => {
    const log: string[] = [];
    await group((g) => {
      g.spawn(async () => {
        const idle = await whenIdle();
        log.push("idle");
        assert(!idle.didTimeout && idle.timeRemaining() > 0 && idle.timeRemaining() <= 5);
        fake.time += 100;
        assertEquals(idle.timeRemaining(), 0);
      });
      g.spawn(async () => {
        for (let round = 0; round < 50; round++) await checkpoint();
        log.push("busy");
      });
    });
    assertEquals(log, ["busy", "idle"]);
  });
});

test("with a timeout it waits no longer, though the loop is busy", async () => {
  await onFakeLoop(async (fake) => {
    await group((g) => {
      let stopped = false;
      g.spawn(async () => {
        while (!stopped && fake.time < 4000) {
          fake.time += 1;
          await scheduler.yield();
          // The fake loop fires its timers only between its iterations.
          if (fake.time % 10 === 0) await sleep(1);
        }
      }, { priority: "user-blocking" });
      g.spawn(async () => {
        const began = fake.time;
        const idle = await whenIdle({ timeout: 300 });
        stopped = true;
        assert(fake.time - began <= 330, `${fake.time - began} ms`);
        assert(idle.didTimeout || fake.time - began < 300);
      });
    });
    assertEquals(loop().timers.size, 0);
  });
});

test("a cancellation ends the waits at once, and leaves no timer", async () => {
  await onFakeLoop(async () => {
    for (const wait of [() => whenIdle({ timeout: 1e6 }), () => nextFrame({ rate: 0.001 })]) {
      const scope = new CancelScope();
      let turns = 0;
      await group(async (g) => {
        g.spawn(() => scope.run(async () => void await wait()));
        await checkpoint();
        const busy = g.spawn(async () => {
          for (; turns < 100 && !scope.cancelCaught; turns++) await checkpoint();
        });
        scope.cancel();
        await busy;
      });
      assert(scope.cancelCaught && turns < 10, `${turns} turns`);
      assertEquals(loop().timers.size, 0);
    }
  });
});

test("nextFrame keeps the beat of its rate", async () => {
  await onFakeLoop(async (fake) => {
    const times: number[] = [];
    for (let picture = 0; picture < 4; picture++) {
      times.push(await nextFrame({ rate: 100 }));
      fake.time += 3;
    }
    assertEquals(times, [10, 20, 30, 40]);
    // One that takes longer than a beat misses it.
    fake.time += 25;
    assertEquals(await nextFrame({ rate: 100 }), 70);
  });
  assertThrows(() => nextFrame({ rate: 0 }), RangeError);
  assertThrows(() => nextFrame({ rate: "60" as never }), TypeError);
  assertThrows(() => whenIdle({ timeout: -1 }), RangeError);
});

test("where the host tells of pictures and of idle times it is asked", async () => {
  await onFakeLoop(async (fake) => {
    const log: string[] = [];
    const host = fake.host as { requestFrame?: unknown; requestIdle?: unknown };
    host.requestFrame = (callback: () => void) => (inMacrotask(callback), () => log.push("frame taken back"));
    host.requestIdle = (callback: () => void) => (inMacrotask(callback), () => log.push("idle done"));
    await nextFrame();
    assertEquals((await whenIdle()).didTimeout, false);
    assertEquals(log, ["idle done"]);
    const scope = new CancelScope();
    await scope.run(async () => {
      const waiting = nextFrame();
      scope.cancel();
      await waiting;
    });
    assertEquals(log, ["idle done", "frame taken back"]);
  });
});
