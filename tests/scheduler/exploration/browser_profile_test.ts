import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { sleep } from "../../../mod.ts";
import { simulate } from "../../../testing.ts";

interface Page {
  requestAnimationFrame(callback: (time: number) => void): number;
  cancelAnimationFrame(handle: number): void;
  requestIdleCallback(
    callback: (deadline: { didTimeout: boolean; timeRemaining(): number }) => void,
    options?: { timeout?: number },
  ): number;
  cancelIdleCallback(handle: number): void;
}
const page = globalThis as unknown as Page;

test("all callbacks of a frame share its time, with microtasks between them; one may take back another", async () => {
  const log = await simulate(async () => {
    const log: unknown[] = [];
    await sleep(3);
    page.requestAnimationFrame((time) => {
      log.push("a", Math.round(time * 10) / 10, performance.now() === time);
      queueMicrotask(() => log.push("microtask"));
      page.requestAnimationFrame((next) => log.push("next", Math.round((next - time) * 10) / 10));
      page.cancelAnimationFrame(taken);
    });
    page.requestAnimationFrame((time) => log.push("b", Math.round(time * 10) / 10));
    const taken = page.requestAnimationFrame(() => log.push("taken back"));
    await sleep(50);
    return log;
  }, { profile: "browser" });
  assertEquals(log, ["a", 116.7, true, "microtask", "b", 116.7, "next", 16.7]);
});

test("idle callbacks run when nothing else can, are told the time until then, or come at their timeout", async () => {
  const log = await simulate(async (sim) => {
    const log: unknown[] = [];
    page.requestIdleCallback(({ didTimeout, timeRemaining }) => {
      log.push("idle", didTimeout, timeRemaining());
      sim.spin(4);
      log.push(timeRemaining());
    });
    page.cancelIdleCallback(page.requestIdleCallback(() => log.push("taken back")));
    void sim.io("response").then(() => log.push("response"));
    await sleep(10);
    page.requestIdleCallback(({ didTimeout, timeRemaining }) => log.push("late", didTimeout, timeRemaining()), {
      timeout: 5,
    });
    sim.spin(20);
    await sleep(100);
    return log;
  }, { profile: "browser" });
  assertEquals(log, ["response", "idle", false, 10, 6, "late", true, 0]);
});

test("timers that timers set wait 4 ms from the sixth on, intervals too; those of microtasks do not", async () => {
  const [nested, awaited, interval] = await simulate(async (sim) => {
    const nested: number[] = [];
    await new Promise<void>((resolve) => {
      const again = (): void => {
        nested.push(sim.now());
        if (nested.length < 9) setTimeout(again, 0);
        else resolve();
      };
      setTimeout(again, 0);
    });
    const start = sim.now();
    for (let round = 0; round < 9; round++) await new Promise<void>((resolve) => setTimeout(resolve, 0));
    const awaited = sim.now() - start;
    const interval: number[] = [];
    await new Promise<void>((resolve) => {
      const begin = sim.now();
      const timer = setInterval(() => {
        if (interval.push(sim.now() - begin) < 8) return;
        clearInterval(timer);
        resolve();
      }, 1);
    });
    return [nested, awaited, interval];
  }, { profile: "browser" });
  assertEquals(nested, [0, 0, 0, 0, 0, 0, 4, 8, 12]);
  assertEquals(awaited, 0);
  assertEquals(interval, [1, 2, 3, 4, 5, 6, 10, 14]);
});

test("frames are the simulation's in a browser only, and are taken away afterwards", async () => {
  const before = page.requestAnimationFrame;
  await simulate(() => assert(page.requestAnimationFrame === before));
  await simulate(() => assert(page.requestAnimationFrame !== before), { profile: "browser" });
  assert(page.requestAnimationFrame === before);
});

test("an event tells the simulated time it was made at", async () => {
  await simulate(async () => {
    await sleep(1234);
    const event = new Event("made");
    assertEquals(event.timeStamp, 1334);
    await sleep(1);
    assertEquals(event.timeStamp, 1334);
  });
  assert(new Event("real").timeStamp !== 1334);
});
