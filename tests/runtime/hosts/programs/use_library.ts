/**
 * Everything that fake timers might stop, used once with fake timers that are installed at the moment that is given: before the library is
 * loaded, before its first use, or after it. Answers what went wrong.
 */

import type { Fakes } from "./fake_timers.ts";

/** When fake timers are installed. */
export type Moment = "import" | "use" | "later";

const own = { setTimeout, clearTimeout };

/** Uses the library, which nobody has loaded before if the fakes are to be there first. */
export async function useLibrary(fakes: Fakes, moment: Moment): Promise<string[]> {
  const wrong: string[] = [];
  if (moment === "import") fakes.install();
  const library = await import("../../../../mod.ts");
  const { explore, simulate } = await import("../../../../testing.ts");
  const { loop } = await import("../../../../scheduler/queue/loop.ts");
  const { checkpoint, debounce, forEachChunked, group, RateLimiter, sleep, TimeoutError, withTimeout, WorkerPool } =
    library;
  if (moment === "use") fakes.install();
  const limiter = new RateLimiter({ limit: 1, interval: 50 });
  const pool = new WorkerPool<typeof import("../../../scheduler/workers/tasks.ts")>(
    new URL("../../../scheduler/workers/tasks.ts", import.meta.url),
    { size: 1, teardownTimeout: 20 },
  );
  if (moment === "later") {
    await useAll();
    const before = sleep(20);
    fakes.install();
    await before;
  }
  await useAll();
  await followFakes();
  await endCall();
  await simulateOnce();
  void sleep(100);
  const called = debounceOnce();
  called.call();
  fakes.uninstall();
  check(globalThis.setTimeout === own.setTimeout, "the fakes put back what they found");
  // What is pending in fakes that are gone holds up nothing.
  await sleep(20);
  called.call();
  await sleep(30);
  check(called.count === 1, `a debounced function that was pending in them was called ${called.count} times`);
  await useAll();
  fakes.install();
  await useAll();
  await followFakes();
  await pool.close();
  fakes.uninstall();
  return wrong;

  function check(isSo: boolean, what: string): void {
    if (!isSo) wrong.push(what);
  }

  async function turns(): Promise<void> {
    for (let turn = 0; turn < 5; turn++) await checkpoint();
  }

  /** Nothing here waits for a time. */
  async function useAll(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) await checkpoint();
    const results = await group((g) => Promise.all([1, 2, 3].map((n) => g.spawn(() => pool.run("add", [n, n])))));
    check(results.join() === "2,4,6", `calls of a pool gave ${results}`);
    const { queue } = loop();
    const { slices } = queue;
    function* items(): Iterable<number> {
      for (let item = 0; item < 10_000 && queue.slices - slices < 3; item++) yield item;
    }
    let sum = 0;
    await forEachChunked(items(), (item) => {
      for (let step = 0; step < 1e5; step++) sum += Math.sqrt(step) + item;
    });
    check(sum > 0 && queue.slices - slices >= 3, `work had ${queue.slices - slices} slices`);
  }

  async function followFakes(): Promise<void> {
    let isOver = false;
    const slept = sleep(100).then(() => isOver = true);
    fakes.tick(99);
    await turns();
    check(!isOver, "a sleep of 100 ms ended after 99");
    fakes.tick(1);
    await slept;

    const late = withTimeout(50, () => sleep(1000)).catch((error: unknown) => error);
    fakes.tick(50);
    check(await late instanceof TimeoutError, "a timeout of 50 ms has come after as many");

    const two = sleep(60).then(() => sleep(60));
    fakes.tick(60);
    await turns();
    fakes.tick(60);
    await two;

    await limiter.acquire();
    const second = limiter.acquire();
    fakes.tick(50);
    await second;

    const called = debounceOnce();
    called.call();
    fakes.tick(9);
    called.call();
    fakes.tick(9);
    await turns();
    check(called.count === 0 || fakes.hasNoClock === true, "a debounced function was called between two calls");
    // How long ago the second call was, nobody can know without a clock.
    fakes.tick(fakes.hasNoClock ? 20 : 1);
    await turns();
    check(called.count === 1, `a debounced function was called ${called.count} times`);
  }

  /** The limit of a call is the program's; how long its worker then has to end is not: a thread knows nothing of fakes. */
  async function endCall(): Promise<void> {
    const flags = new Int32Array(new SharedArrayBuffer(8));
    const late = pool.run("spinForever", [flags], { timeout: 5000 }).catch((error: unknown) => error);
    await pool.warmUp();
    fakes.tick(5000);
    check(await late instanceof TimeoutError, "a call of 5000 ms has come to its limit after as many");
    while (pool.statistics().running > 0) await checkpoint();
  }

  function debounceOnce(): { call(): void; count: number } {
    const made = { call: (): void => {}, count: 0 };
    made.call = debounce(() => void made.count++, 10);
    return made;
  }

  async function simulateOnce(): Promise<void> {
    const before = { ...own, setTimeout, clearTimeout, performance, now: performance.now, Date };
    const took = await simulate(async (sim) => {
      await withTimeout(5000, () => sleep(1000));
      return sim.now();
    });
    check(took === 1000, `a simulated second took ${took} ms`);
    const { guarantee } = await explore(async (sim) => {
      await Promise.all([sim.io("a"), sim.io("b")]);
      await sleep(1);
    });
    check(guarantee === "all 2 schedules pass", guarantee);
    const after = { ...own, setTimeout, clearTimeout, performance, now: performance.now, Date };
    for (const name of Object.keys(before) as (keyof typeof before)[]) {
      check(before[name] === after[name], `a simulation puts ${name} back`);
    }
  }
}
