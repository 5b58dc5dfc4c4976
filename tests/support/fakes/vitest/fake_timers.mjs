import { afterEach, expect, test, vi } from "vitest";
import { forEachChunked, group, sleep, TimeoutError, withTimeout, WorkerPool } from "@millrace/millrace";
import { explore, simulate } from "@millrace/millrace/testing";

afterEach(() => void vi.useRealTimers());

async function useAll() {
  const pool = new WorkerPool(new URL("./tasks.mjs", import.meta.url), { size: 1 });
  const sums = await group((g) => Promise.all([1, 2, 3].map((n) => g.spawn(() => pool.run("add", [n, n])))));
  await pool.close();
  expect(sums).toEqual([2, 4, 6]);
  let sum = 0;
  await forEachChunked(1000, (n) => void (sum += n));
  expect(sum).toBe(499500);
  expect(await simulate(async (sim) => (await sleep(1000), sim.now()))).toBe(1000);
  const { guarantee } = await explore(async (sim) => void (await Promise.all([sim.io("a"), sim.io("b")])));
  expect(guarantee).toBe("all 2 schedules pass");
}

const fakeAll = {
  toFake: [
    "setTimeout",
    "clearTimeout",
    "setImmediate",
    "clearImmediate",
    "setInterval",
    "clearInterval",
    "Date",
    "performance",
    "queueMicrotask",
  ],
};

for (
  const [name, options] of Object.entries({ "what vitest fakes by itself": undefined, "queueMicrotask too": fakeAll })
) {
  test(`the first use with fake timers: ${name}`, async () => {
    vi.useFakeTimers(options);
    await useAll();
    const slept = sleep(100);
    vi.advanceTimersByTime(100);
    await slept;
    const late = withTimeout(50, () => sleep(1000)).catch((error) => error);
    await vi.advanceTimersByTimeAsync(50);
    expect(await late).toBeInstanceOf(TimeoutError);
    void sleep(1000);
  });
  test(`and then without, although some were pending: ${name}`, async () => {
    await sleep(5);
    await useAll();
  });
}
