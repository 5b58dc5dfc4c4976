import { exploring, type ScheduleFailure, type Simulation } from "@millrace/millrace/testing";
import { afterEach, expect, test, vi } from "vitest";

afterEach(() => void vi.useRealTimers());

async function lastToCome(sim: Simulation): Promise<void> {
  let shown = "";
  await Promise.all(["a", "ab"].map(async (text) => {
    await sim.io(text);
    shown = text;
    console.log("shows", text);
  }));
  if (shown !== "ab") throw new Error(`shows ${shown}`);
}

/** A test that explores, to be run by hand. */
const byHand = exploring((_name: string, fn: () => unknown) => fn as () => Promise<unknown>);

const withFixture = test.extend<{ texts: string[] }>({
  // deno-lint-ignore no-empty-pattern
  texts: async ({}, use) => await use(["a", "b"]),
});

exploring(test.fails)("a race makes a test fail", lastToCome);

exploring(test)("what has no race passes, with options at their place", { timeout: 30_000 }, async (sim, { task }) => {
  expect(task.name).toBe("what has no race passes, with options at their place");
  await Promise.all([sim.io("a"), sim.io("b")]);
});

exploring(test.skip)("what is skipped is not run", () => {
  throw new Error("it was run");
});

exploring(withFixture)("a body gets the fixtures that it asks for", async (sim, { texts }) => {
  for (const text of texts) await sim.io(text);
  expect(texts).toEqual(["a", "b"]);
}, 30_000);

exploring(test.fails)("a test that takes too long ends before its limit", { timeout: 300 }, async (sim) => {
  for (;;) await sim.io();
});

test("a failure begins at the test, and tells the run with what it has printed", async () => {
  const failure = await byHand("by hand", lastToCome)().catch((error) => error) as ScheduleFailure;
  expect(failure.message).toMatch(/console\.log +shows a\n/);
  expect(failure.message).toContain('of the test "by hand"');
  const [first] = failure.stack!.split("\n").filter((line) => /^\s*at /.test(line));
  expect(first).toContain("exploring.test.ts");
});

test("vitest's fake timers are named", async () => {
  const explores = byHand("by hand", () => {});
  vi.useFakeTimers();
  await expect(explores()).rejects.toThrow("The fake timers of vitest (vi.useFakeTimers) are in place");
  vi.useRealTimers();
  await explores();
});
