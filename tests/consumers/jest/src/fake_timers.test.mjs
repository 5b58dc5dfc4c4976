import { jest } from "@jest/globals";

afterEach(() => void jest.useRealTimers());

async function useAll() {
  const { forEachChunked, group, sleep, WorkerPool } = await import("@millrace/millrace");
  const { explore, simulate } = await import("@millrace/millrace/testing");
  const pool = new WorkerPool(new URL("./tasks.mjs", import.meta.url), { size: 1 });
  const sums = await group((g) => Promise.all([1, 2, 3].map((n) => g.spawn(() => pool.run("add", [n, n])))));
  await pool.close();
  expect(sums).toEqual([2, 4, 6]);
  let sum = 0;
  await forEachChunked(1000, (n) => void (sum += n));
  expect(sum).toBe(499_500);
  expect(await simulate(async (sim) => (await sleep(1000), sim.now()))).toBe(1000);
  const { guarantee } = await explore(async (sim) => void (await Promise.all([sim.io("a"), sim.io("b")])));
  expect(guarantee).toBe("all 2 schedules pass");
}

async function followFakes() {
  const { sleep, TimeoutError, withTimeout } = await import("@millrace/millrace");
  const slept = sleep(100);
  jest.advanceTimersByTime(100);
  await slept;
  const late = withTimeout(50, () => sleep(1000)).catch((error) => error);
  jest.advanceTimersByTime(50);
  expect(await late).toBeInstanceOf(TimeoutError);
  // Pending in fakes that are about to be removed.
  void sleep(1000);
}

for (const [name, options] of [["modern", undefined], ["legacy", { legacyFakeTimers: true }]]) {
  test(`with fake timers all works, and waits follow them: ${name}`, async () => {
    // The first of these tests loads the library with them in place.
    jest.useFakeTimers(options);
    await useAll();
    await followFakes();
  }, 30_000);

  test(`when they are gone all works again: ${name}`, async () => {
    const { sleep } = await import("@millrace/millrace");
    await sleep(5);
    await useAll();
  }, 30_000);
}
